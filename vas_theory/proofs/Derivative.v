(* The ledger's statements on the derivative itself: no gradient formula is assumed. *)
Require Import Reals Lra Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular.
Import ListNotations.
Open Scope R_scope.
Section Derivative.
Variables (K : nat) (r th : nat -> R).
Hypothesis HK : (0 < K)%nat.
Definition partial i := Derive (fun t => value K r (upd th i t)) (th i). (* d value / d theta_i *)
Definition arms := seq 0 K.
Definition pi := softmax K th.
Definition variance := sum_over (fun i => pi i * (r i - value K r th)^2) arms.
Lemma partial_eq i : In i arms -> partial i = grad arms pi r i.
Proof. intros H. apply in_seq in H. apply is_derive_unique. apply softmax_gradient. lia. Qed.
Lemma norm_eq : sum_over (fun i => partial i ^2) arms = norm2 arms (grad arms pi r).
Proof. apply sum_ext. intros i Hi. rewrite partial_eq by assumption. reflexivity. Qed.
(* B17 *)
Theorem gradient_at_most_half_variance : sum_over (fun i => partial i ^2) arms <= / 2 * variance.
Proof. rewrite norm_eq. apply Tabular.gradient_at_most_half_variance; [intros; left; apply softmax_pos; assumption | apply softmax_sum1; assumption]. Qed.
(* B02 *)
Theorem gradient_at_least_variance_over_rho m : variance ^2 <= sum_over (fun i => partial i ^2) arms * sum_over (fun i => (r i - m)^2) arms.
Proof. rewrite norm_eq. apply squared_gradient_at_least_variance_over_shift. apply softmax_sum1; assumption. Qed.
End Derivative.
