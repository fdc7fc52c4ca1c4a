(* B28 and B55: the expected gain of one whitened GRPO step on 0/1 rewards, for every number of arms and every group size
   G = n + 2. w_G = w (V theta) n is the group gain of claim B09. *)
Require Import Reals Lra Psatz Lia List Classical.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Derivative Curvature Hessian Kappa Paths SampleStep Pools GroupMoments GroupGain Policy GroupUpdate GroupStep.
Import ListNotations.
Open Scope R_scope.
Section WhitenedStep.
Variables (K : nat) (r th : nat -> R) (eta k : R) (n : nat).
Hypothesis HK : (0 < K)%nat.
Hypothesis Hk : is_kappa k.
Hypothesis Hbin : forall i, (i < K)%nat -> r i = 0 \/ r i = 1.
Notation V := (value K r).
Hypothesis HV : 0 < V th < 1.
Hypothesis Heta : 0 < eta.
Notation G := (S (S n)).
Notation g := (INR (S (S n))).
Notation arms := (seq 0 K).
Notation p := (softmax K th).
Notation gradient := (partial K r th).
Notation gradient_norm := (gradient_norm K r th).
Notation rho := (rho K r).
Notation EK := (EK arms p).
Notation group_gain := (w (V th) n). (* w_G *)
Notation group_mean := (group_mean r G).
Definition phi x := (exp x - 1 - x) / x^2.
(* advantages (r - mean) / s; a silent group has r - mean = 0 and gives no update *)
Definition whitening (w : list nat) := / sqrt (group_mean w * (1 - group_mean w)).
Definition whitened_gain := expected_group_gain K r th eta G whitening. (* E V(theta + eta ghat) - V(theta) *)
Lemma G_pos : (0 < G)%nat.
Proof. lia. Qed.
Lemma g_at_least_2 : 2 <= g.
Proof. rewrite !S_INR. assert (H := pos_INR n). lra. Qed.
Let p0 := p_nonneg K th HK.
Let p1 := p_sum1 K th HK.
Lemma unequal : exists i j, (i < K)%nat /\ (j < K)%nat /\ r i <> r j.
Proof.
  apply NNPP. intros No. assert (Same : forall i, (i < K)%nat -> r i = r 0%nat).
  { intros i Hi. destruct (Req_dec (r i) (r 0%nat)) as [e | ne]; [assumption | exfalso; apply No; exists i, 0%nat; repeat split; try assumption; lia]. }
  assert (E : V th = r 0%nat).
  { unfold value. rewrite (sum_ext _ (fun j => r 0%nat * p j)) by (intros j Hj; apply in_seq in Hj; rewrite (Same j) by lia; ring). rewrite sum_scal, p1. ring. }
  destruct (Hbin 0%nat HK) as [z | z]; rewrite z in E; lra.
Qed.
Lemma group_total w : (forall a, In a w -> In a arms) -> 0 <= sum_over r w <= INR (length w).
Proof.
  induction w as [|a w IH]; intros Hin; [cbn; lra |]. cbn [sum_over length]. rewrite S_INR.
  assert (B := IH ltac:(intros; apply Hin; right; assumption)). assert (Ia := Hin a (or_introl eq_refl)). apply in_seq in Ia.
  destruct (Hbin a ltac:(lia)) as [-> | ->]; lra.
Qed.
Lemma mean_range w : length w = G -> (forall a, In a w -> In a arms) -> 0 <= group_mean w <= 1.
Proof.
  intros Hw Hin. assert (T := group_total w Hin). rewrite Hw in T. assert (g2 := g_at_least_2). unfold GroupStep.group_mean.
  split; apply Rmult_le_reg_r with g; try lra; unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra; lra.
Qed.
Lemma ones w : sum_over (fun _ : nat => 1) w = INR (length w).
Proof. induction w; [reflexivity | cbn [sum_over length]; rewrite IHw, S_INR; ring]. Qed.
(* for 0/1 rewards s^2 = m (1 - m), and the mean absolute deviation is 2 m (1 - m) *)
Lemma binary_variance w : length w = G -> (forall a, In a w -> In a arms) -> group_variance r G w = group_mean w * (1 - group_mean w).
Proof.
  intros Hw Hin. assert (g2 := g_at_least_2). set (m := group_mean w).
  assert (Em : sum_over r w = g * m) by (unfold m, GroupStep.group_mean; field; lra).
  unfold group_variance. fold m. rewrite (sum_comb [(1 - 2 * m, r); (m^2, fun _ => 1)]).
  - cbn [comb_sum]. rewrite ones, Hw, Em. field. lra.
  - intros a Ha. apply Hin in Ha. apply in_seq in Ha. cbn [comb]. destruct (Hbin a ltac:(lia)) as [-> | ->]; ring.
Qed.
Lemma binary_deviation w : length w = G -> (forall a, In a w -> In a arms) -> mean_deviation r G w = 2 * (group_mean w * (1 - group_mean w)).
Proof.
  intros Hw Hin. assert (g2 := g_at_least_2). assert (M := mean_range w Hw Hin). set (m := group_mean w) in *.
  assert (Em : sum_over r w = g * m) by (unfold m, GroupStep.group_mean; field; lra).
  unfold mean_deviation. fold m. rewrite (sum_comb [(1 - 2 * m, r); (m, fun _ => 1)]).
  - cbn [comb_sum]. rewrite ones, Hw, Em. field. lra.
  - intros a Ha. apply Hin in Ha. apply in_seq in Ha. cbn [comb]. destruct (Hbin a ltac:(lia)) as [-> | ->].
    + rewrite Rabs_left1 by lra. ring. + rewrite Rabs_pos_eq by lra. ring.
Qed.
Lemma gradient_is : is_gradient arms (objective arms (softmax K) r) th gradient.
Proof.
  intros u. assert (D := value_along_derive K r HK th u 0). unfold dot.
  rewrite (sum_ext (fun j => gradient j * u j) (fun j => partial K r (along th u 0) j * u j)); [exact D |].
  intros j Hj. apply in_seq in Hj. rewrite (partial_ext K r HK (along th u 0) th) by (try lia; apply along_0). reflexivity.
Qed.
Lemma binary_in a : In a arms -> r a = 0 \/ r a = 1.
Proof. intros Ha. apply in_seq in Ha. apply Hbin. lia. Qed.
(* E ghat = w_G grad V, so that E <grad, ghat> = w_G |grad|^2 *)
Lemma mean_whitened : EK G (fun w => sum_over (fun j => gradient j * group_update K r th G whitening w j) arms) = group_gain * gradient_norm ^2.
Proof.
  rewrite (EK_sum arms p p1 G (fun j w => gradient j * group_update K r th G whitening w j) arms). rewrite gradient_norm2, <- sum_scal. apply sum_ext. intros j Hj.
  rewrite (EK_scal arms p G).
  destruct (whitened_mean arms arms (softmax K) r th (fun y j => (if Nat.eq_dec j y then 1 else 0) - p j) (softmax_is_differentiable_policy K th HK)
    gradient gradient_is binary_in HV n j Hj) as (M & _ & _).
  unfold group_expect in M. change (expect arms (softmax K) th r) with (V th) in M.
  replace (EK G (fun w => group_update K r th G whitening w j)) with (group_gain * gradient j); [ring |]. rewrite <- M. apply EK_ext. intros w.
  unfold whitened, group_update, whitening, GroupStep.group_mean, group_deviation, pass_share. unfold Rdiv.
  unfold score. apply Rmult_comm.
Qed.
Lemma group_gain_pos : 0 < group_gain.
Proof.
  destruct (whitened_mean arms arms (softmax K) r th (fun y j => (if Nat.eq_dec j y then 1 else 0) - p j) (softmax_is_differentiable_policy K th HK)
    gradient gradient_is binary_in HV n 0%nat (proj2 (in_seq K 0 0) ltac:(lia))) as (_ & E & _).
  change (expect arms (softmax K) th r) with (V th) in E. rewrite E. apply Rdiv_lt_0_compat; [| apply Rmult_lt_0_compat; lra].
  assert (g2 := g_at_least_2).
  apply Rlt_le_trans with (EK G (fun w => 2 * group_variance r G w)).
  - rewrite (EK_scal arms p G), (mean_group_variance K r th G HK G_pos).
    assert (W : variance K r th = V th * (1 - V th)).
    { exact (Var_binary arms p r p1 binary_in). }
    rewrite W. assert (/ g < 1) by (rewrite <- Rinv_1; apply Rinv_lt_contravar; lra). apply Rmult_lt_0_compat; [lra |]. apply Rmult_lt_0_compat; [lra |]. apply Rmult_lt_0_compat; lra.
  - apply EK_le; [exact p0 |]. intros w Hw Hin. rewrite binary_variance by assumption. unfold group_deviation, pass_share. fold (group_mean w).
    assert (M := mean_range w Hw Hin). set (m := group_mean w) in *. change (sum_over r w / g) with m. set (x := m * (1 - m)).
    assert (x0 : 0 <= x) by (apply Rmult_le_pos; lra). assert (x1 : x <= / 4) by (unfold x; assert (0 <= (m - / 2)^2) by apply pow2_ge_0; lra).
    assert (s0 := sqrt_pos x). assert (ss := sqrt_sqrt x x0). assert (s1 : sqrt x <= / 2).
    { apply Rsqr_incr_0_var; [rewrite Rsqr_sqrt by assumption; unfold Rsqr; lra | lra]. } nra.
Qed.
Lemma update_square w : length w = G -> (forall a, In a w -> In a arms) ->
  sum_over (fun j => group_update K r th G whitening w j ^2) arms <= 2 * group_variance r G w /\ (k * eta)^2 * (2 * group_variance r G w) <= (k * eta / sqrt 2)^2.
Proof.
  intros Hw Hin. assert (L := update_length K r th G HK G_pos whitening w Hw Hin). rewrite binary_deviation in L by assumption. rewrite binary_variance by assumption.
  assert (M := mean_range w Hw Hin). unfold whitening in L at 2. set (m := group_mean w) in *. set (x := m * (1 - m)) in *.
  assert (x0 : 0 <= x) by (apply Rmult_le_pos; lra). assert (x1 : x <= / 4) by (unfold x; assert (0 <= (m - / 2)^2) by apply pow2_ge_0; lra). split.
  - eapply Rle_trans; [exact L |]. right. replace ((Rabs (/ sqrt x) * (2 * x))^2 / 2) with (2 * x^2 * (Rabs (/ sqrt x))^2) by field. rewrite pow2_abs.
    destruct (Req_dec x 0) as [-> | nz]; [ring |]. assert (0 < sqrt x) by (apply sqrt_lt_R0; lra).
    replace ((/ sqrt x)^2) with (/ (sqrt x * sqrt x)) by (field; lra). rewrite sqrt_sqrt by assumption. field. assumption.
  - assert (s2 : 0 < sqrt 2) by (apply sqrt_lt_R0; lra). replace ((k * eta / sqrt 2)^2) with ((k * eta)^2 / (sqrt 2 * sqrt 2)) by (field; lra). rewrite sqrt_sqrt by lra.
    apply Rmult_le_compat_l; [apply pow2_ge_0 | lra].
Qed.
(* B55 *)
Theorem whitened_gain_at_least :
  whitened_gain >= eta * group_gain * gradient_norm ^2 * (1 - 2 * k * eta * rho / group_gain * (1 - / g) * phi (k * eta / sqrt 2)).
Proof.
  apply Rle_ge.
  assert (k0 : 0 < k) by (destruct (kappa_digits k Hk); lra). assert (g2 := g_at_least_2). assert (n0 : 0 <= gradient_norm) by apply sqrt_pos.
  assert (s2 : 0 < sqrt 2) by (apply sqrt_lt_R0; lra). set (X := k * eta / sqrt 2).
  assert (X0 : 0 < X) by (unfold X; apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; lra | assumption]).
  assert (w0 := group_gain_pos).
  assert (B := gain_of_updates K r th eta k G HK Hk whitening (fun w => 2 * group_variance r G w) X group_gain X0 update_square mean_whitened).
  eapply Rle_trans; [| exact B]. fold (phi X). rewrite (EK_scal arms p G), (mean_group_variance K r th G HK G_pos).
  assert (W := variance_at_most K r th HK).
  assert (f0 : 0 <= phi X). { unfold phi. assert (I := exp_ineq1_le X). apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat, pow_lt; assumption]. }
  assert (g1 : 0 <= 1 - / g). { assert (/ g <= / 1) by (apply Rinv_le_contravar; lra). lra. }
  set (f := phi X) in *. clearbody f. set (c := gradient_norm * k * eta ^2 * f * (2 * (1 - / g))).
  assert (c0 : 0 <= c) by (unfold c; apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply pow2_ge_0] | assumption] | lra]).
  assert (U : c * variance K r th <= c * (rho * gradient_norm)) by (apply Rmult_le_compat_l; assumption).
  apply Rle_trans with (eta * group_gain * gradient_norm ^2 - c * (rho * gradient_norm)); [right; unfold c; field; lra |].
  replace (gradient_norm * k * eta ^2 * f * (2 * ((1 - / g) * variance K r th))) with (c * variance K r th) by (unfold c; ring). lra.
Qed.
(* B28 *)
Theorem whitened_gain_weaker :
  whitened_gain >= eta * group_gain * gradient_norm ^2 * (1 - k * eta * g * rho * exp (k * eta / sqrt 2) / (4 * group_gain)).
Proof.
  apply Rle_ge. eapply Rle_trans; [| apply Rge_le, whitened_gain_at_least].
  assert (k0 : 0 < k) by (destruct (kappa_digits k Hk); lra). assert (g2 := g_at_least_2). assert (w0 := group_gain_pos).
  assert (s2 : 0 < sqrt 2) by (apply sqrt_lt_R0; lra). set (X := k * eta / sqrt 2).
  assert (X0 : 0 < X) by (unfold X; apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; lra | assumption]).
  assert (f1 : phi X <= exp X / 2).
  { assert (Rm := remainder_at_most X X ltac:(lra)). unfold phi. apply Rmult_le_reg_r with (X^2); [apply pow_lt; assumption |]. unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by (apply pow_nonzero; lra). lra. }
  assert (g4 : 4 * (1 - / g) <= g). { assert (I : g - 4 * (1 - / g) = (g - 2)^2 / g) by (field; lra). assert (0 <= (g - 2)^2 / g) by (apply Rmult_le_pos; [apply pow2_ge_0 | left; apply Rinv_0_lt_compat; lra]). lra. }
  assert (g1 : 0 <= 1 - / g). { assert (/ g <= / 1) by (apply Rinv_le_contravar; lra). lra. }
  assert (r0 : 0 <= rho) by apply sqrt_pos. assert (e0 := exp_pos X).
  apply Rmult_le_compat_l; [apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply pow2_ge_0] |].
  assert (Q : (1 - / g) * phi X <= g * exp X / 8).
  { apply Rle_trans with ((1 - / g) * (exp X / 2)); [apply Rmult_le_compat_l; assumption |]. assert ((1 - / g) * exp X <= g / 4 * exp X) by (apply Rmult_le_compat_r; lra). lra. }
  set (c := 2 * k * eta * rho / group_gain). assert (c0 : 0 <= c) by (unfold c; apply Rmult_le_pos; [repeat apply Rmult_le_pos; lra | left; apply Rinv_0_lt_compat; assumption]).
  assert (c * ((1 - / g) * phi X) <= c * (g * exp X / 8)) by (apply Rmult_le_compat_l; assumption).
  replace (k * eta * g * rho * exp X / (4 * group_gain)) with (c * (g * exp X / 8)) by (unfold c; field; lra). lra.
Qed.
End WhitenedStep.
