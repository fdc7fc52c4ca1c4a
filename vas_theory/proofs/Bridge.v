(* Written by `python -m vas_theory proofs --record`; not to be edited. Every number is what the package's own function
   of a claim gives at a rational point; Rocq proves that the theorem's term has the same value there. *)
Require Import Reals Lra List.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
From Vas Require Counterexamples Derivative GainShape GroupGain GroupMoments Pools ScoreMoments Softmax Sums Tabular TwoArms.
Import ListNotations.
Open Scope R_scope.

(* the term at a point, down to arithmetic on numbers *)
Ltac compute_term := cbv -[Rplus Rminus Rmult Ropp Rdiv Rinv IZR Rmax Rmin Rabs sqrt exp ln PI cos sin asin
  Rle].
Ltac largest :=
  repeat match goal with
    | |- context [Rmax ?x ?y] => first [rewrite (Rmax_left x y) by lra | rewrite (Rmax_right x y) by lra]
    | |- context [Rmin ?x ?y] => first [rewrite (Rmin_left x y) by lra | rewrite (Rmin_right x y) by lra]
    | |- context [Rabs ?x] => first [rewrite (Rabs_right x) by lra | rewrite (Rabs_left x) by lra]
  end.
Ltac equal_value := compute_term; largest; first [lra | field; lra | field].
Ltac near_value := compute_term; largest; interval with (i_prec 120).

(* B02 *)
Example B02_left_1 :
  let arms := [((2/3), (7/8)); ((1/3), (5/7))] in
  let p := @fst R R in
  let r := @snd R R in
  Rabs (Tabular.norm arms (Tabular.grad arms p r)
  - (126269068069026343643/2500000000000000000000)) <= (1/1000000000000000).
Proof. near_value. Qed.
Example B02_right_1 :
  let arms := [((2/3), (7/8)); ((1/3), (5/7))] in
  let p := @fst R R in
  let r := @snd R R in
  Rabs (Tabular.Var arms p r / Tabular.rho arms r
  - (126269068069026343643/2500000000000000000000)) <= (1/1000000000000000).
Proof. near_value. Qed.
Example B02_left_2 :
  let arms := [((3/11), (7/8)); ((4/11), (4/7)); ((4/11), (5/7))] in
  let p := @fst R R in
  let r := @snd R R in
  Rabs (Tabular.norm arms (Tabular.grad arms p r)
  - (3365075902962360367127/50000000000000000000000)) <= (1/1000000000000000).
Proof. near_value. Qed.
Example B02_right_2 :
  let arms := [((3/11), (7/8)); ((4/11), (4/7)); ((4/11), (5/7))] in
  let p := @fst R R in
  let r := @snd R R in
  Rabs (Tabular.Var arms p r / Tabular.rho arms r
  - (6704294077482865929621/100000000000000000000000)) <= (1/1000000000000000).
Proof. near_value. Qed.
Example B02_left_3 :
  let arms := [((5/31), (7/8)); ((6/31), (4/7)); ((9/31), (3/7)); ((5/31), (6/7)); ((6/31), (0))] in
  let p := @fst R R in
  let r := @snd R R in
  Rabs (Tabular.norm arms (Tabular.grad arms p r)
  - (1307437807430663123071/10000000000000000000000)) <= (1/1000000000000000).
Proof. near_value. Qed.
Example B02_right_3 :
  let arms := [((5/31), (7/8)); ((6/31), (4/7)); ((9/31), (3/7)); ((5/31), (6/7)); ((6/31), (0))] in
  let p := @fst R R in
  let r := @snd R R in
  Rabs (Tabular.Var arms p r / Tabular.rho arms r
  - (652604103746366965919/5000000000000000000000)) <= (1/1000000000000000).
Proof. near_value. Qed.
