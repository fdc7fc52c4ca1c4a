(* Claims on the tabular softmax, for every number of arms; grad i = p_i (r_i - V) is derived in Softmax.v. *)
Require Import Reals Lra Psatz List.
From Vas Require Import Sums.
Import ListNotations.
Open Scope R_scope.
Section Tabular.
Context {A : Type} (arms : list A) (p r : A -> R).
Hypothesis Hp : forall a, In a arms -> 0 <= p a.
Hypothesis H1 : sum_over p arms = 1.
Definition V := sum_over (fun a => p a * r a) arms.
Definition Var := sum_over (fun a => p a * (r a - V)^2) arms.
Definition grad a := p a * (r a - V).
Definition norm2 (u : A -> R) := sum_over (fun a => u a ^2) arms.
Definition mean (u : A -> R) := sum_over (fun a => p a * u a) arms.
Definition fisher (u : A -> R) := sum_over (fun a => p a * (u a - mean u)^2) arms. (* u^T F u, F = diag p - p p^T *)

Lemma grad_sum0 : sum_over grad arms = 0.
Proof. rewrite (sum_comb [(1, fun a => p a * r a); (-V, p)]); [cbn [comb comb_sum]; rewrite H1; unfold V; ring | intros; unfold grad; cbn [comb comb_sum]; ring]. Qed.
Lemma pairing c : sum_over (fun a => grad a * (r a - c)) arms = Var.
Proof.
  unfold Var. rewrite (sum_comb [(1, fun a => p a * (r a - V)^2); (V - c, grad)]); [cbn [comb comb_sum]; rewrite grad_sum0; ring |].
  intros; unfold grad; cbn [comb comb_sum]; ring.
Qed.

Lemma gradient_at_least_lower_bound m : (forall a, In a arms -> m <= p a) -> m * Var <= norm2 grad.
Proof.
  intros Hm. unfold Var, norm2. rewrite <- sum_scal. apply sum_le. intros a Ha. unfold grad.
  replace ((p a * (r a - V))^2) with (p a * (p a * (r a - V)^2)) by ring.
  apply Rmult_le_compat_r; [apply Rmult_le_pos; [auto | apply pow2_ge_0] | auto].
Qed.

Lemma fisher_at_least_lower_bound m u : sum_over u arms = 0 -> (forall a, In a arms -> m <= p a) -> 0 <= m -> m * norm2 u <= fisher u.
Proof.
  intros Hu Hm Hm0. apply Rle_trans with (m * sum_over (fun a => (u a - mean u)^2) arms).
  - apply Rmult_le_compat_l; [assumption |].
    rewrite (sum_comb [(1, fun a => u a ^2); (-2 * mean u, u); (1, fun _ => (mean u)^2)] (fun a => (u a - mean u)^2)).
    + cbn [comb comb_sum]. rewrite Hu. unfold norm2. assert (0 <= sum_over (fun _ : A => (mean u)^2) arms).
      { apply sum_nonneg. intros. apply pow2_ge_0. } lra.
    + intros; cbn [comb comb_sum]; ring.
  - unfold fisher. rewrite <- sum_scal. apply sum_le. intros. apply Rmult_le_compat_r; [apply pow2_ge_0 | auto].
Qed.

Lemma fisher_alt u : fisher u = sum_over (fun a => p a * u a ^2) arms - (mean u)^2.
Proof.
  unfold fisher. rewrite (sum_comb [(1, fun a => p a * u a ^2); (-2 * mean u, fun a => p a * u a); ((mean u)^2, p)]).
  - cbn [comb comb_sum]. rewrite H1. fold (mean u). ring.
  - intros; cbn [comb comb_sum]; ring.
Qed.

(* A26 *)
Theorem fisher_at_most_half u : fisher u <= / 2 * norm2 u.
Proof.
  (* 2 (E u^2 + (E u)^2) = sum_ij p_i p_j (u_i + u_j)^2 >= its diagonal 4 sum p_i^2 u_i^2 *)
  assert (D : sum_over (fun a => p a * p a * (u a + u a)^2) arms <= sum_over (fun a => sum_over (fun b => p a * p b * (u a + u b)^2) arms) arms).
  { apply (sum_diagonal_le (fun a b => p a * p b * (u a + u b)^2)). intros. apply Rmult_le_pos; [apply Rmult_le_pos; auto | apply pow2_ge_0]. }
  set (E2 := sum_over (fun a => p a * u a ^2) arms) in *.
  assert (E : sum_over (fun a => sum_over (fun b => p a * p b * (u a + u b)^2) arms) arms = 2 * E2 + 2 * (mean u)^2).
  { rewrite (sum_comb [(1, fun a => p a * u a ^2); (2 * mean u, fun a => p a * u a); (E2, p)]).
    - cbn [comb comb_sum]. rewrite H1. fold E2. fold (mean u). ring.
    - intros a _. rewrite (sum_comb [(p a * u a ^2, p); (2 * (p a * u a), fun b => p b * u b); (p a, fun b => p b * u b ^2)]).
      + cbn [comb comb_sum]. rewrite H1. fold E2. fold (mean u). ring.
      + intros; cbn [comb comb_sum]; ring. }
  rewrite E in D. rewrite fisher_alt. fold E2. unfold norm2.
  assert (F : / 2 * sum_over (fun a => u a ^2) arms - 2 * E2 + / 2 * sum_over (fun a => p a * p a * (u a + u a)^2) arms
            = sum_over (fun a => / 2 * ((1 - 2 * p a) * u a)^2) arms).
  { symmetry. rewrite (sum_comb [(/ 2, fun a => u a ^2); (-2, fun a => p a * u a ^2); (/ 2, fun a => p a * p a * (u a + u a)^2)]).
    - cbn [comb comb_sum]. unfold E2. cbn [comb comb_sum]. ring. - intros; cbn [comb comb_sum]; field. }
  assert (0 <= sum_over (fun a => / 2 * ((1 - 2 * p a) * u a)^2) arms) by (apply sum_nonneg; intros; apply Rmult_le_pos; [lra | apply pow2_ge_0]). lra.
Qed.

(* for every bound lam of the Fisher form, the largest eigenvalue being the least *)
Lemma gradient_at_most_eigenvalue lam : 0 <= lam -> (forall u, fisher u <= lam * norm2 u) -> norm2 grad <= lam * Var.
Proof.
  intros Hlam0 Hlam. set (N := norm2 grad).
  assert (E : sum_over (fun a => p a * (grad a - mean grad) * (r a - V)) arms = N).
  { rewrite (sum_comb [(1, fun a => grad a ^2); (- mean grad, grad)]).
    - cbn [comb comb_sum]. rewrite grad_sum0. unfold N, norm2. cbn [comb comb_sum]. ring. - intros; unfold grad; cbn [comb comb_sum]; ring. }
  assert (C := cauchy_schwarz p (fun a => grad a - mean grad) (fun a => r a - V) arms Hp). cbv beta in C. rewrite E in C. fold Var in C. assert (F := Hlam grad). fold N in F. unfold fisher in F.
  assert (0 <= N) by (apply sum_nonneg; intros; apply pow2_ge_0).
  assert (0 <= Var) by (apply sum_nonneg; intros; apply Rmult_le_pos; [auto | apply pow2_ge_0]).
  set (W := Var) in *. set (X := sum_over (fun a => p a * (grad a - mean grad)^2) arms) in *.
  clearbody N W X. clear E. destruct (Req_dec N 0) as [N0 | N0]; [rewrite N0; apply Rmult_le_pos; assumption |]. assert (0 < N) by lra.
  assert (X * W <= lam * N * W) by (apply Rmult_le_compat_r; assumption).
  apply Rmult_le_reg_l with N; [assumption | lra].
Qed.
Lemma squared_gradient_at_most_half_variance : norm2 grad <= / 2 * Var.
Proof. apply gradient_at_most_eigenvalue; [lra | apply fisher_at_most_half]. Qed.
Lemma Var_nonneg : 0 <= Var.
Proof. apply sum_nonneg; intros; apply Rmult_le_pos; [auto | apply pow2_ge_0]. Qed.
Lemma norm2_nonneg u : 0 <= norm2 u.
Proof. apply sum_nonneg; intros; apply pow2_ge_0. Qed.
Lemma arms_not_empty : arms <> [].
Proof. intros e. apply R1_neq_R0. rewrite <- H1, e. reflexivity. Qed.
(* B21 *)
Theorem gradient_at_least_rarest_arm : norm2 grad >= min_over p arms * Var.
Proof. apply Rle_ge, gradient_at_least_lower_bound. intros. apply min_over_le. assumption. Qed.
(* A25: u^T F u >= pi_min |u|^2 off the vector 1 *)
Theorem fisher_at_least_rarest_arm u : sum_over u arms = 0 -> fisher u >= min_over p arms * norm2 u.
Proof.
  intros Hu. apply Rle_ge, fisher_at_least_lower_bound; [assumption | intros; apply min_over_le; assumption |].
  destruct (min_over_attained p arms arms_not_empty) as (a & Ha & <-). apply Hp, Ha.
Qed.
(* F = diag p - p p^T: u^T F u = sum_i p_i u_i^2 - (sum_i p_i u_i)^2 *)
Theorem fisher_is_diagonal_minus_outer u : fisher u = sum_over (fun a => p a * u a ^2) arms - sum_over (fun a => sum_over (fun b => u a * (p a * p b) * u b) arms) arms.
Proof.
  rewrite fisher_alt. f_equal. replace ((mean u)^2) with (mean u * mean u) by ring. unfold mean. rewrite sum_product.
  apply sum_ext. intros a _. apply sum_ext. intros b _. ring.
Qed.

Lemma l1_gradient_at_least_variance lo hi : (forall a, In a arms -> lo <= r a <= hi) -> 2 * Var <= (hi - lo) * sum_over (fun a => Rabs (grad a)) arms.
Proof.
  intros Hr. rewrite <- (pairing ((lo + hi) / 2)).
  apply Rle_trans with (2 * sum_over (fun a => Rabs (grad a * (r a - (lo + hi) / 2))) arms).
  - apply Rmult_le_compat_l; [lra |]. eapply Rle_trans; [apply Rle_abs | apply sum_abs].
  - rewrite <- !sum_scal. apply sum_le. intros a Ha. rewrite Rabs_mult. destruct (Hr a Ha).
    assert (Rabs (r a - (lo + hi) / 2) <= (hi - lo) / 2) by (apply Rabs_le; lra).
    assert (0 <= Rabs (grad a)) by apply Rabs_pos. nra.
Qed.
Definition reward_range := max_over r arms - min_over r arms.
Definition l1_norm u := sum_over (fun a => Rabs (u a)) arms.
(* B19 *)
Theorem l1_gradient_at_least_variance_over_range : reward_range <> 0 -> l1_norm grad >= 2 * Var / reward_range.
Proof.
  intros HD. assert (0 <= reward_range).
  { unfold reward_range. destruct (min_over_attained r arms arms_not_empty) as (a & Ha & <-). assert (M := max_over_ge r arms a Ha). lra. }
  assert (B := l1_gradient_at_least_variance (min_over r arms) (max_over r arms) ltac:(intros; split; [apply min_over_le | apply max_over_ge]; assumption)).
  fold reward_range in B. fold (l1_norm grad) in B. apply Rle_ge, Rmult_le_reg_r with reward_range; [lra |].
  replace (2 * Var / reward_range * reward_range) with (2 * Var) by (field; assumption). lra.
Qed.

(* for every shift m of the rewards *)
Lemma squared_gradient_at_least_variance_over_shift m : Var^2 <= norm2 grad * sum_over (fun a => (r a - m)^2) arms.
Proof.
  rewrite <- (pairing m) at 1.
  assert (C := cauchy_schwarz (fun _ => 1) grad (fun a => r a - m) arms (fun _ _ => Rle_0_1)).
  unfold norm2. rewrite (sum_ext (fun a => 1 * grad a * (r a - m)) (fun a => grad a * (r a - m))) in C by (intros; ring).
  rewrite (sum_ext (fun a => 1 * grad a ^2) (fun a => grad a ^2)) in C by (intros; ring).
  rewrite (sum_ext (fun a => 1 * (r a - m)^2) (fun a => (r a - m)^2)) in C by (intros; ring). exact C.
Qed.
Definition norm u := sqrt (norm2 u).
Definition mean_reward := sum_over r arms / INR (length arms).
Definition rho := norm (fun a => r a - mean_reward).
(* B02 *)
Theorem gradient_at_least_variance_over_rho : rho <> 0 -> norm grad >= Var / rho.
Proof.
  intros H. assert (0 <= rho) by apply sqrt_pos. assert (0 <= Var) by (apply sum_nonneg; intros; apply Rmult_le_pos; [auto | apply pow2_ge_0]).
  apply Rle_ge, Rmult_le_reg_r with rho; [lra |]. replace (Var / rho * rho) with Var by (field; assumption).
  unfold norm, rho, norm. rewrite <- sqrt_mult_alt by (apply sum_nonneg; intros; apply pow2_ge_0).
  rewrite <- (sqrt_pow2 Var) by assumption. apply sqrt_le_1_alt, squared_gradient_at_least_variance_over_shift.
Qed.

Lemma norm_at_most u c : 0 <= c -> norm2 u <= c -> norm u <= sqrt c.
Proof. intros _ H. apply sqrt_le_1_alt, H. Qed.
(* B17: lam is any bound of the Fisher form; the largest eigenvalue is the least, and 1/2 is one (A26) *)
Theorem gradient_at_most_half_variance : norm grad <= sqrt (Var / 2)
  /\ forall lam, 0 <= lam -> (forall u, fisher u <= lam * norm2 u) -> norm grad <= sqrt (lam * Var).
Proof.
  assert (W := Var_nonneg). split; [| intros lam H0 H]; apply sqrt_le_1_alt.
  - assert (B := squared_gradient_at_most_half_variance). lra.
  - apply gradient_at_most_eigenvalue; assumption.
Qed.

Section Binary.
Hypothesis Hr : forall a, In a arms -> r a = 0 \/ r a = 1.
Let Cc := sum_over (fun a => r a * p a ^2) arms. (* sum of p^2 over the correct arms, the wrong arms *)
Let Cw := sum_over (fun a => (1 - r a) * p a ^2) arms.
Lemma grad2_split : norm2 grad = (1 - V)^2 * Cc + V^2 * Cw.
Proof.
  unfold norm2. rewrite (sum_comb [((1 - V)^2, fun a => r a * p a ^2); (V^2, fun a => (1 - r a) * p a ^2)]).
  - cbn [comb comb_sum]. unfold Cc, Cw. cbn [comb comb_sum]. ring. - intros a Ha. unfold grad. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; ring.
Qed.
Lemma Var_binary : Var = V * (1 - V).
Proof.
  unfold Var. rewrite (sum_comb [(1 - 2 * V, fun a => p a * r a); (V^2, p)]).
  - cbn [comb comb_sum]. rewrite H1. fold V. ring. - intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; ring.
Qed.
Lemma wrong_mass : sum_over (fun a => (1 - r a) * p a) arms = 1 - V.
Proof. rewrite (sum_comb [(1, p); (-1, fun a => p a * r a)]); [cbn [comb comb_sum]; rewrite H1; fold V; ring | intros; cbn [comb comb_sum]; ring]. Qed.
Lemma right_mass : sum_over (fun a => r a * p a) arms = V.
Proof. unfold V. apply sum_ext. intros; ring. Qed.

Lemma squared_binary_gradient_at_most_variance : norm2 grad <= 2 * Var^2.
Proof.
  rewrite grad2_split, Var_binary.
  assert (Q : forall w, (forall a, In a arms -> w a = 0 \/ w a = 1) -> sum_over (fun a => w a * p a ^2) arms <= (sum_over (fun a => w a * p a) arms)^2).
  { intros w Hw. rewrite (sum_ext _ (fun a => (w a * p a)^2)).
    - apply sum_squares_le. intros a Ha. specialize (Hp a Ha). destruct (Hw a Ha) as [-> | ->]; lra.
    - intros a Ha. destruct (Hw a Ha) as [-> | ->]; ring. }
  assert (Q1 := Q r Hr). rewrite right_mass in Q1.
  assert (Q2 : Cw <= (1 - V)^2).
  { rewrite <- wrong_mass. apply (Q (fun a => 1 - r a)). intros a Ha. destruct (Hr a Ha) as [-> | ->]; lra. }
  fold Cc in Q1. assert (0 <= (1 - V)^2) by apply pow2_ge_0. assert (0 <= V^2) by apply pow2_ge_0.
  clearbody Cc Cw. nra.
Qed.

(* B18 *)
Theorem binary_gradient_at_most_variance : norm grad <= sqrt 2 * Var.
Proof.
  assert (W := Var_nonneg). replace (sqrt 2 * Var) with (sqrt (2 * Var^2)).
  - apply sqrt_le_1_alt, squared_binary_gradient_at_most_variance.
  - rewrite sqrt_mult_alt by lra. rewrite sqrt_pow2 by assumption. reflexivity.
Qed.

(* effective numbers of correct and of wrong arms: 1 / sum of squares of the probabilities within the class *)
Definition correct_count := V^2 / sum_over (fun a => r a * p a ^2) arms.
Definition wrong_count := (1 - V)^2 / sum_over (fun a => (1 - r a) * p a ^2) arms.
(* B03 *)
Theorem effective_counts_identity : 0 < V < 1 -> (forall a, In a arms -> 0 < p a) ->
  norm2 grad = Var^2 * (1 / correct_count + 1 / wrong_count).
Proof.
  intros HV Hp0.
  assert (NZ : forall w, (forall a, In a arms -> w a = 0 \/ w a = 1) -> sum_over (fun a => w a * p a) arms <> 0 -> sum_over (fun a => w a * p a ^2) arms <> 0).
  { intros w Hw Hs He. apply Hs. rewrite <- (sum_zero arms). apply sum_ext. intros a Ha.
    assert (M := sum_member (fun a => w a * p a ^2) arms a Ha). cbv beta in M. rewrite He in M.
    assert (w a * p a ^2 <= 0).
    { apply M. intros c Hc. destruct (Hw c Hc) as [-> | ->]; [lra | assert (0 <= p c ^2) by apply pow2_ge_0; lra]. }
    specialize (Hp0 a Ha). destruct (Hw a Ha) as [e | e]; rewrite e in *; [ring | assert (0 < p a ^2) by (apply pow_lt; assumption); lra]. }
  assert (Hc := NZ r Hr). rewrite right_mass in Hc. assert (Hw := NZ (fun a => 1 - r a)). cbv beta in Hw. rewrite wrong_mass in Hw.
  specialize (Hc ltac:(lra)). specialize (Hw ltac:(intros a Ha; destruct (Hr a Ha) as [-> | ->]; lra) ltac:(lra)).
  rewrite grad2_split, Var_binary. unfold correct_count, wrong_count, Cc, Cw. field. repeat split; lra.
Qed.

(* m correct and n wrong arms *)
Let m := sum_over r arms. Let n := sum_over (fun a => 1 - r a) arms.
Definition spread (w : A -> R) := / 2 * sum_over (fun a => sum_over (fun b => w a * w b * (p a - p b)^2) arms) arms. (* over pairs *)
Lemma spread_eq w : spread w = sum_over w arms * sum_over (fun a => w a * p a ^2) arms - (sum_over (fun a => w a * p a) arms)^2.
Proof.
  unfold spread. set (P2 := sum_over (fun a => w a * p a ^2) arms). set (P1 := sum_over (fun a => w a * p a) arms). set (P0 := sum_over w arms).
  rewrite (sum_comb [(P0, fun a => w a * p a ^2); (-2 * P1, fun a => w a * p a); (P2, w)]).
  - cbn [comb comb_sum]. fold P0 P1. replace (sum_over (fun a => w a * p a ^2) arms) with P2 by reflexivity. field.
  - intros a _. rewrite (sum_comb [(w a * p a ^2, w); (-2 * (w a * p a), fun b => w b * p b); (w a, fun b => w b * p b ^2)]).
    + cbn [comb comb_sum]. fold P0 P1. replace (sum_over (fun b => w b * p b ^2) arms) with P2 by reflexivity. ring.
    + intros; cbn [comb comb_sum]; ring.
Qed.
Lemma spread_nonneg w : (forall a, In a arms -> 0 <= w a) -> 0 <= spread w.
Proof.
  intros Hw. apply Rmult_le_pos; [lra |]. apply sum_nonneg. intros a Ha. apply sum_nonneg. intros b Hb.
  apply Rmult_le_pos; [apply Rmult_le_pos; auto | apply pow2_ge_0].
Qed.
(* B22 *)
Theorem binary_gradient_remainder : m <> 0 -> n <> 0 ->
  norm2 grad >= Var^2 * (1 / m + 1 / n)
  /\ norm2 grad - Var^2 * (1 / m + 1 / n) = (1 - V)^2 / m * spread r + V^2 / n * spread (fun a => 1 - r a).
Proof.
  intros Hm Hn. assert (E : norm2 grad - Var^2 * (1 / m + 1 / n) = (1 - V)^2 / m * spread r + V^2 / n * spread (fun a => 1 - r a)).
  { rewrite grad2_split, Var_binary, !spread_eq. fold m n Cc Cw. rewrite right_mass, wrong_mass. field. split; assumption. }
  split; [| exact E]. apply Rle_ge. cut (0 <= norm2 grad - Var^2 * (1 / m + 1 / n)); [lra |]. rewrite E.
  assert (H0 : forall a, In a arms -> 0 <= r a) by (intros a Ha; destruct (Hr a Ha) as [-> | ->]; lra).
  assert (H0' : forall a, In a arms -> 0 <= 1 - r a) by (intros a Ha; destruct (Hr a Ha) as [-> | ->]; lra).
  assert (0 <= m) by (apply sum_nonneg; assumption). assert (0 <= n) by (apply sum_nonneg; assumption).
  assert (0 <= / m) by (left; apply Rinv_0_lt_compat; lra). assert (0 <= / n) by (left; apply Rinv_0_lt_compat; lra).
  apply Rplus_le_le_0_compat; (apply Rmult_le_pos; [apply Rmult_le_pos; [apply pow2_ge_0 | assumption] | apply spread_nonneg; assumption]).
Qed.
End Binary.
End Tabular.
