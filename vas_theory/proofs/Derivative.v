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
(* B02 for every shift m of the rewards *)
Theorem gradient_at_least_variance_over_rho m : variance ^2 <= sum_over (fun i => partial i ^2) arms * sum_over (fun i => (r i - m)^2) arms.
Proof. rewrite norm_eq. apply squared_gradient_at_least_variance_over_shift. apply softmax_sum1; assumption. Qed.

(* the tabular claims on the derivative: partial i in place of p_i (r_i - V) *)
Lemma pi_pos i : In i arms -> 0 < pi i.
Proof. intros _. apply softmax_pos. assumption. Qed.
Lemma pi_nonneg i : In i arms -> 0 <= pi i.
Proof. intros H. left. apply pi_pos, H. Qed.
Lemma pi_sum1 : sum_over pi arms = 1.
Proof. apply softmax_sum1. assumption. Qed.
Lemma norm2_partial : norm2 arms partial = norm2 arms (grad arms pi r).
Proof. apply norm_eq. Qed.
Lemma norm_partial : norm arms partial = norm arms (grad arms pi r).
Proof. unfold norm. rewrite norm2_partial. reflexivity. Qed.
Lemma l1_norm_partial : l1_norm arms partial = l1_norm arms (grad arms pi r).
Proof. apply sum_ext. intros i Hi. rewrite partial_eq by assumption. reflexivity. Qed.
(* B02 *)
Theorem gradient_norm_at_least_variance_over_rho : rho arms r <> 0 -> norm arms partial >= Var arms pi r / rho arms r.
Proof. rewrite norm_partial. apply Tabular.gradient_at_least_variance_over_rho; [apply pi_nonneg | apply pi_sum1]. Qed.
(* B17 *)
Theorem gradient_at_most_half_variance : norm arms partial <= sqrt (Var arms pi r / 2)
  /\ forall lam, 0 <= lam -> (forall u, fisher arms pi u <= lam * norm2 arms u) -> norm arms partial <= sqrt (lam * Var arms pi r).
Proof. rewrite norm_partial. apply Tabular.gradient_at_most_half_variance; [apply pi_nonneg | apply pi_sum1]. Qed.
(* B19 *)
Theorem l1_gradient_at_least_variance_over_range : reward_range arms r <> 0 -> l1_norm arms partial >= 2 * Var arms pi r / reward_range arms r.
Proof. rewrite l1_norm_partial. apply Tabular.l1_gradient_at_least_variance_over_range; apply pi_sum1. Qed.
(* B21 *)
Theorem gradient_at_least_rarest_arm : norm2 arms partial >= min_over pi arms * Var arms pi r.
Proof. rewrite norm2_partial. apply Tabular.gradient_at_least_rarest_arm, pi_nonneg. Qed.
Section Binary.
Hypothesis Hr : forall i, In i arms -> r i = 0 \/ r i = 1.
(* B18 *)
Theorem binary_gradient_at_most_variance : norm arms partial <= sqrt 2 * Var arms pi r.
Proof. rewrite norm_partial. apply Tabular.binary_gradient_at_most_variance; [apply pi_nonneg | apply pi_sum1 | assumption]. Qed.
(* B03 *)
Theorem effective_counts_identity : 0 < V arms pi r < 1 ->
  norm2 arms partial = Var arms pi r ^2 * (1 / correct_count arms pi r + 1 / wrong_count arms pi r).
Proof. rewrite norm2_partial. intros H. apply Tabular.effective_counts_identity; [apply pi_sum1 | assumption | assumption | apply pi_pos]. Qed.
(* B22 *)
Theorem binary_gradient_remainder : let m := sum_over r arms in let n := sum_over (fun i => 1 - r i) arms in m <> 0 -> n <> 0 ->
  norm2 arms partial >= Var arms pi r ^2 * (1 / m + 1 / n)
  /\ norm2 arms partial - Var arms pi r ^2 * (1 / m + 1 / n) = (1 - V arms pi r)^2 / m * spread arms pi r + V arms pi r ^2 / n * spread arms pi (fun i => 1 - r i).
Proof. rewrite norm2_partial. apply Tabular.binary_gradient_remainder; [apply pi_sum1 | assumption]. Qed.
End Binary.
End Derivative.
Lemma partial_value K r th i : (i < K)%nat -> partial K r th i = softmax K th i * (r i - value K r th).
Proof. intros H. apply is_derive_unique, softmax_gradient. assumption. Qed.
