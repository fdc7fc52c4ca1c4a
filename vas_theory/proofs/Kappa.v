(* B46: |H| <= kappa |grad|, kappa^2 the largest root of 10 y^3 - 38 y^2 + 30 y - 1, for every number of arms. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Derivative Curvature Hessian.
Import ListNotations.
Open Scope R_scope.
Definition kappa_root y := 10 * y^3 - 38 * y^2 + 30 * y - 1 = 0.
Definition is_kappa k := 0 <= k /\ kappa_root (k^2) /\ forall y, kappa_root y -> y <= k^2.
(* the root t of t^3 + 3 t^2 - t - 1 in (0, 1): at the worst direction the two entries of u have the ratio b/a = t *)
Definition is_ratio t := 0 < t < 1 /\ t^3 + 3 * t^2 - t - 1 = 0.
Definition top t := 1 + (1 + t) / (t * (1 + t^2)). (* kappa^2 *)
Lemma ratio_exists : exists t, is_ratio t /\ 0.6751 <= t <= 0.6752.
Proof.
  destruct (IVT (fun t => t^3 + 3 * t^2 - t - 1) 0.6751 0.6752) as [t [Ht E]].
  - reg.
  - lra.
  - lra.
  - lra.
  - exists t. split; [split; [lra | exact E] | exact Ht].
Qed.
Lemma top_low t : 0.6751 <= t <= 0.6752 -> 2.7 <= top t.
Proof.
  intros B. assert (D : 0 < t * (1 + t^2)) by nra. assert (t^2 <= 0.4559) by nra. assert (t * (1 + t^2) <= 0.6752 * 1.4559) by (apply Rmult_le_compat; nra).
  assert (1.7 <= (1 + t) / (t * (1 + t^2))); [| unfold top; lra].
  apply Rmult_le_reg_r with (t * (1 + t^2)); [assumption |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. lra.
Qed.
Lemma top_is_root t : is_ratio t -> kappa_root (top t).
Proof.
  intros [Ht E]. unfold kappa_root, top. assert (D : 0 < t * (1 + t^2)) by nra.
  replace (10 * (1 + (1 + t) / (t * (1 + t^2)))^3 - 38 * (1 + (1 + t) / (t * (1 + t^2)))^2 + 30 * (1 + (1 + t) / (t * (1 + t^2))) - 1)
    with (- ((t^3 + 3 * t^2 - t - 1) * (- t^6 + 3 * t^5 + 3 * t^4 + 9 * t^3 + 16 * t^2 + 12 * t + 10)) / (t * (1 + t^2))^3) by (field; split; nra).
  rewrite E. unfold Rdiv. ring.
Qed.
Lemma above_two y z : kappa_root y -> kappa_root z -> 2.7 <= y -> z <= y.
Proof.
  unfold kappa_root. intros Hy Hz Y. destruct (Rle_lt_dec z y) as [| L]; [assumption | exfalso].
  assert (E : (z - y) * (10 * (z - y)^2 + (30 * y - 38) * (z - y) + (30 * y^2 - 76 * y + 30)) = 0) by (ring_simplify; lra).
  apply Rmult_integral in E. destruct E as [E | E]; [lra |].
  assert (0 <= 10 * (z - y)^2) by (assert (Q := pow2_ge_0 (z - y)); lra). assert (0 <= (30 * y - 38) * (z - y)) by (apply Rmult_le_pos; lra).
  assert (0 < 30 * y^2 - 76 * y + 30) by nra. lra.
Qed.
Theorem kappa_exists : exists k, is_kappa k.
Proof.
  destruct ratio_exists as [t [Ht B]]. assert (R := top_is_root t Ht).
  assert (T := top_low t B).
  exists (sqrt (top t)). assert (E : (sqrt (top t))^2 = top t) by (rewrite <- Rsqr_pow2; apply Rsqr_sqrt; lra).
  split; [apply sqrt_pos | rewrite E; split; [exact R |]]. intros y Hy. apply above_two; assumption.
Qed.
Theorem kappa_digits k : is_kappa k -> 1.644490 < k < 1.644491.
Proof.
  intros (H0 & Hr & Hm). destruct ratio_exists as [t [Ht B]]. assert (T := Hm _ (top_is_root t Ht)).
  assert (T2 : 2.7 <= k^2) by (assert (L := top_low t B); lra).
  unfold kappa_root in Hr. remember (k^2) as y eqn:Ey.
  assert (F : forall Y, 2.7 <= Y -> (y - Y) * (10 * (y * y + y * Y + Y * Y) - 38 * (y + Y) + 30) = - (10 * Y^3 - 38 * Y^2 + 30 * Y - 1)) by (intros Y _; lra).
  assert (Pos : forall Y, 2.7 <= Y -> 0 < 10 * (y * y + y * Y + Y * Y) - 38 * (y + Y) + 30) by (intros Y HY; assert (0 <= y * (y - 2.7)) by (apply Rmult_le_pos; lra); assert (0 <= Y * (Y - 2.7)) by (apply Rmult_le_pos; lra); assert (0 <= (y - 2.7) * (Y - 2.7)) by (apply Rmult_le_pos; lra); lra).
  assert (L1 : 1.644490 ^ 2 < y) by (specialize (F (1.644490 ^ 2) ltac:(lra)); specialize (Pos (1.644490 ^ 2) ltac:(lra)); nra).
  assert (L2 : y < 1.644491 ^ 2) by (specialize (F (1.644491 ^ 2) ltac:(lra)); specialize (Pos (1.644491 ^ 2) ltac:(lra)); nra).
  subst y. split; nra.
Qed.
(* a quartic form in the lengths a and b: its slack is a sum of squares *)
Lemma quartic_at_most t a b : is_ratio t -> b^4 + a^2 * (a + 2 * b)^2 <= top t * (a^2 + b^2)^2.
Proof.
  intros [Ht E]. assert (D : 0 < t * (1 + t^2)) by nra. assert (T : 0 <= top t - 1).
  { unfold top. assert (0 < (1 + t) / (t * (1 + t^2))) by (apply Rdiv_lt_0_compat; lra). lra. }
  assert (I : top t * (a^2 + b^2)^2 - b^4 - a^2 * (a + 2 * b)^2
    = (top t - 1) * (b^2 - t^2 * a^2)^2 + 2 / t * (a * (b - t * a))^2 - a^4 * (t^3 + 3 * t^2 - t - 1) / t) by (unfold top; field; split; nra).
  rewrite E in I. assert (0 <= (top t - 1) * (b^2 - t^2 * a^2)^2) by (apply Rmult_le_pos; [assumption | apply pow2_ge_0]).
  assert (0 <= 2 / t * (a * (b - t * a))^2) by (apply Rmult_le_pos; [left; apply Rdiv_lt_0_compat; lra | apply pow2_ge_0]). lra.
Qed.
Lemma sum_app {A : Type} (f : A -> R) l1 l2 : sum_over f (l1 ++ l2) = sum_over f l1 + sum_over f l2.
Proof. induction l1; simpl; [ring | rewrite IHl1; ring]. Qed.
Section Kappa.
Context {A : Type} (arms : list A) (p r : A -> R).
Hypothesis Hp : forall a, In a arms -> 0 <= p a.
Hypothesis H1 : sum_over p arms = 1.
Notation norm2 := (norm2 arms). Notation grad := (grad arms p r).
(* the sum at m = an entry of u *)
Lemma sum_at_entry t u k : is_ratio t -> In k arms -> sum_over (fun i => u i ^2 * (u i - 2 * u k)^2) arms <= top t * (norm2 u)^2.
Proof.
  intros Ht Hk. apply in_split in Hk. destruct Hk as (l1 & l2 & El). set (rest := l1 ++ l2).
  assert (Split : forall f : A -> R, sum_over f arms = f k + sum_over f rest) by (intros f; rewrite El; unfold rest; rewrite !sum_app; simpl; ring).
  set (a := sqrt (sum_over (fun i => u i ^2) rest)). set (b := Rabs (u k)).
  assert (Ea : a^2 = sum_over (fun i => u i ^2) rest) by (unfold a; rewrite <- Rsqr_pow2; apply Rsqr_sqrt, sum_nonneg; intros; apply pow2_ge_0).
  assert (Eb : b^2 = u k ^2) by apply pow2_abs. assert (0 <= a) by apply sqrt_pos. assert (0 <= b) by apply Rabs_pos.
  unfold Tabular.norm2. rewrite !Split, <- Ea, <- Eb. cbv beta. apply Rle_trans with (b^4 + a^2 * (a + 2 * b)^2).
  - replace (b^2 * (u k - 2 * u k)^2) with (b^4) by (replace ((u k - 2 * u k)^2) with (u k ^2) by ring; rewrite <- Eb; ring).
    apply Rplus_le_compat_l. apply Rle_trans with ((a + 2 * b)^2 * sum_over (fun i => u i ^2) rest); [| rewrite <- Ea; lra].
    rewrite <- sum_scal. apply sum_le. intros i Hi. rewrite Rmult_comm. apply Rmult_le_compat_r; [apply pow2_ge_0 |].
    assert (M : u i ^2 <= a^2) by (rewrite Ea; apply (sum_member (fun i => u i ^2)); [assumption | intros; apply pow2_ge_0]).
    apply pow_maj_Rabs. eapply Rle_trans; [apply (Rabs_triang (u i) (- (2 * u k))) |]. rewrite Rabs_Ropp, Rabs_mult, (Rabs_pos_eq 2) by lra. fold b.
    assert (Rabs (u i) <= a); [| lra]. rewrite <- pow2_abs in M. assert (0 <= Rabs (u i)) by apply Rabs_pos. nra.
  - rewrite (Rplus_comm (b^2)). apply quartic_at_most. assumption.
Qed.
(* at m = E U the sum is at most its mean over the entries, because it is convex in m *)
Lemma sum_at_mean t u : is_ratio t -> let m := mean arms p u in sum_over (fun i => u i ^2 * (u i - 2 * m)^2) arms <= top t * (norm2 u)^2.
Proof.
  intros Ht m. set (q4 := sum_over (fun i => u i ^4) arms). set (q3 := sum_over (fun i => u i ^3) arms). set (q2 := norm2 u).
  assert (F : forall c, sum_over (fun i => u i ^2 * (u i - 2 * c)^2) arms = q4 - 4 * c * q3 + 4 * c^2 * q2).
  { intros c. rewrite (sum_comb [(1, fun i => u i ^4); (-4 * c, fun i => u i ^3); (4 * c^2, fun i => u i ^2)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. fold q4 q3 (norm2 u) q2. ring. }
  assert (Q : 0 <= q2) by (apply sum_nonneg; intros; apply pow2_ge_0).
  assert (J : m^2 <= sum_over (fun a => p a * u a ^2) arms).
  { assert (C := fisher_alt arms p H1 u). fold m in C. assert (0 <= fisher arms p u) by (apply sum_nonneg; intros; apply Rmult_le_pos; [auto | apply pow2_ge_0]). lra. }
  apply Rle_trans with (sum_over (fun k => p k * (q4 - 4 * u k * q3 + 4 * u k ^2 * q2)) arms).
  - rewrite F. rewrite (sum_comb [(q4, p); (-4 * q3, fun a => p a * u a); (4 * q2, fun a => p a * u a ^2)]) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. rewrite H1. fold (mean arms p u). fold m. assert (q2 * m^2 <= q2 * sum_over (fun a => p a * u a ^2) arms) by (apply Rmult_le_compat_l; assumption). lra.
  - apply Rle_trans with (sum_over (fun k => p k * (top t * q2^2)) arms).
    + apply sum_le. intros k Hk. apply Rmult_le_compat_l; [auto |]. rewrite <- F. apply sum_at_entry; assumption.
    + rewrite (sum_comb [(top t * q2^2, p)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite H1. lra.
Qed.
(* B46 as a bound on the quadratic form *)
Theorem curvature_at_most_gradient k u : is_kappa k -> Rabs (curvature arms p r u) <= k * sqrt (norm2 grad) * norm2 u.
Proof.
  intros (Hk & _ & Hmax). destruct ratio_exists as [t [Ht _]]. assert (T := Hmax _ (top_is_root t Ht)). set (m := mean arms p u).
  assert (E : curvature arms p r u = sum_over (fun a => 1 * grad a * (squared_deviation arms p u a - m^2)) arms).
  { unfold curvature. change (mean arms p r) with (V arms p r).
    rewrite (sum_comb [(1, fun a => p a * (r a - V arms p r) * squared_deviation arms p u a); (- m^2, grad)] (fun a => 1 * grad a * (squared_deviation arms p u a - m^2))) by (intros; unfold Tabular.grad; cbn [comb]; ring).
    cbn [comb_sum]. rewrite (grad_sum0 arms p r H1). ring. }
  assert (C := cauchy_schwarz (fun _ => 1) grad (fun a => squared_deviation arms p u a - m^2) arms (fun _ _ => Rle_0_1)). cbv beta in C. rewrite <- E in C.
  rewrite (sum_ext (fun a => 1 * grad a ^2) (fun a => grad a ^2)) in C by (intros; ring). fold (norm2 grad) in C.
  rewrite (sum_ext (fun a => 1 * (squared_deviation arms p u a - m^2)^2) (fun a => u a ^2 * (u a - 2 * m)^2)) in C by (intros; unfold squared_deviation; fold m; ring).
  assert (B := sum_at_mean t u Ht). fold m in B. cbv zeta in B.
  assert (N0 : 0 <= norm2 grad) by (apply sum_nonneg; intros; apply pow2_ge_0). assert (U0 : 0 <= norm2 u) by (apply sum_nonneg; intros; apply pow2_ge_0).
  assert (X : (curvature arms p r u)^2 <= (k * sqrt (norm2 grad) * norm2 u)^2).
  { eapply Rle_trans; [exact C |]. replace ((k * sqrt (norm2 grad) * norm2 u)^2) with (sqrt (norm2 grad) * sqrt (norm2 grad) * (k^2 * (norm2 u)^2)) by ring.
    rewrite sqrt_sqrt by assumption. apply Rmult_le_compat_l; [assumption |]. eapply Rle_trans; [exact B |]. apply Rmult_le_compat_r; [apply pow2_ge_0 | assumption]. }
  assert (Y : 0 <= k * sqrt (norm2 grad) * norm2 u) by (apply Rmult_le_pos; [apply Rmult_le_pos; [assumption | apply sqrt_pos] | assumption]).
  rewrite <- (Rabs_pos_eq (k * sqrt (norm2 grad) * norm2 u)) by assumption. apply Rsqr_le_abs_0. rewrite !Rsqr_pow2. exact X.
Qed.
End Kappa.
(* B46 *)
Theorem hessian_at_most_kappa_gradient K r th k : (0 < K)%nat -> is_kappa k ->
  spectral_norm_at_most K (hessian K r th) (k * sqrt (sum_over (fun i => partial K r th i ^2) (seq 0 K))).
Proof.
  intros HK Hk. apply norm_of_symmetric; [apply Rmult_le_pos; [apply Hk | apply sqrt_pos] | apply hessian_symmetric; assumption |].
  intros u. rewrite second_order_form by assumption. change (seq 0 K) with (arms K) at 3. rewrite norm_eq by assumption.
  apply curvature_at_most_gradient; [intros; left; apply softmax_pos; assumption | apply softmax_sum1; assumption | assumption].
Qed.
