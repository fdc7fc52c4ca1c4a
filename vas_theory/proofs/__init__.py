"""Formal proofs: ``*.v`` files that Rocq (Coq) checks, and what it answered when it last did.

A theorem here is a statement for every size (arms, prompts, rollouts), proved from Rocq's standard real numbers. Its
proof need not be read: the kernel of Rocq checks it. What a reader compares with the claim's LaTeX is the statement
and the definitions that it uses; both are printed in ``statements.txt``, beside the axioms that the proof rests on.

Replay: ``make proofs`` (or ``python -m vas_theory proofs``) compiles every file and compares each theorem's statement,
the definitions it uses and its axioms with ``statements.txt``. It needs the Debian packages ``coq``,
``libcoq-coquelicot`` and ``libcoq-interval`` and installs nothing. Without Rocq the ledger works from that record and
says so.

Add a theorem:

1. Write it in a file here as ``Theorem``; helpers are ``Lemma``. State it as the claim's LaTeX does, with definitions a
   reader can match (``Print Assumptions`` may show the standard reals alone: no ``Axiom``, no ``Admitted``).
2. Name it once in the claim's file:
   ``formal=Formal("Tabular.gradient_norm_at_least_variance_over_rho", sizes="all K", remains="")``. ``remains`` says
   what of the claim's statement the theorem leaves to prose; empty means nothing. Further theorems that are needed go
   into ``also=(...)``.
3. Tie the claim's two functions to it: ``points="tabular"``, ``left="..."`` and ``right="..."`` are the two sides as
   ``statements.txt`` prints them inside the statement. At rational points Rocq must find the value that Python finds.
   The kinds of points are in :mod:`vas_theory.claims.lib.bridge`.
4. Run ``python -m vas_theory proofs --record`` and commit ``Bridge.v`` and ``statements.txt`` with the theorem.
"""
