(* B27, B28 and B55: the expected gain of one step along the update of a group of G independent rollouts, for every number
   of arms and every group size. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Derivative Curvature Hessian Kappa Paths SampleStep Pools GroupMoments.
Import ListNotations.
Open Scope R_scope.
Section Draws.
Context {A : Type} (l : list A) (p : A -> R).
Hypothesis Hp : forall a, In a l -> 0 <= p a.
Hypothesis H1 : sum_over p l = 1.
Notation EK := (EK l p).
Notation mean := (Tabular.mean l p).
Lemma EK_le G : forall f1 f2, (forall w, length w = G -> (forall a, In a w -> In a l) -> f1 w <= f2 w) -> EK G f1 <= EK G f2.
Proof.
  induction G; cbn; intros f1 f2 H; [apply H; [reflexivity | intros a []] |]. apply sum_le. intros a Ha. apply Rmult_le_compat_l; [auto |]. apply IHG.
  intros w Hw Hin. apply H; [cbn; congruence |]. intros b [-> | Hb]; auto.
Qed.
Lemma EK_plus G : forall f1 f2, EK G (fun w => f1 w + f2 w) = EK G f1 + EK G f2.
Proof.
  intros f1 f2. rewrite <- (Rmult_1_l (EK G f2)). rewrite <- (EK_comb l p G f1 f2 1). apply EK_ext. intros. ring.
Qed.
Lemma EK_const G c : EK G (fun _ => c) = c.
Proof. induction G; cbn; [reflexivity |]. rewrite IHG. rewrite (sum_comb [(c, p)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite H1. ring. Qed.
Lemma EK_sum {B : Type} G (F : B -> list A -> R) (bs : list B) : EK G (fun w => sum_over (fun b => F b w) bs) = sum_over (fun b => EK G (F b)) bs.
Proof. induction bs as [|b bs IH]; cbn [sum_over]; [apply EK_const |]. rewrite EK_plus, IH. reflexivity. Qed.
Lemma EK_total G f : EK G (sum_over f) = INR G * mean f.
Proof.
  induction G; [cbn; ring |]. cbn [Pools.EK]. rewrite (sum_ext _ (fun a => p a * (f a + INR G * mean f))).
  - rewrite (sum_comb [(1, fun a => p a * f a); (INR G * mean f, p)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite H1, S_INR. fold (mean f). ring.
  - intros a _. f_equal. cbn [sum_over]. rewrite (EK_plus G (fun _ => f a) (sum_over f)), EK_const, IHG. reflexivity.
Qed.
Lemma EK_product G f h : EK G (fun w => sum_over f w * sum_over h w) = INR G * mean (fun a => f a * h a) + INR G * (INR G - 1) * (mean f * mean h).
Proof.
  induction G; [cbn; ring |]. cbn [Pools.EK].
  rewrite (sum_ext _ (fun a => p a * (f a * h a + f a * (INR G * mean h) + h a * (INR G * mean f) + EK G (fun w => sum_over f w * sum_over h w)))).
  - rewrite IHG. set (c := INR G * mean (fun a => f a * h a) + INR G * (INR G - 1) * (mean f * mean h)).
    rewrite (sum_comb [(1, fun a => p a * (f a * h a)); (INR G * mean h, fun a => p a * f a); (INR G * mean f, fun a => p a * h a); (c, p)]) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. rewrite H1, S_INR. fold (mean (fun a => f a * h a)) (mean f) (mean h). unfold c. ring.
  - intros a _. f_equal. cbn [sum_over].
    rewrite (EK_ext l p G _ (fun w => (f a * h a + f a * sum_over h w) + (h a * sum_over f w + sum_over f w * sum_over h w))) by (intros; ring).
    rewrite (EK_plus G (fun w => f a * h a + f a * sum_over h w) (fun w => h a * sum_over f w + sum_over f w * sum_over h w)).
    rewrite (EK_plus G (fun _ => f a * h a) (fun w => f a * sum_over h w)), (EK_plus G (fun w => h a * sum_over f w) (fun w => sum_over f w * sum_over h w)).
    rewrite EK_const, !(EK_scal l p G), !EK_total. ring.
Qed.
(* the sample covariance (over G) of two functions has the mean (1 - 1/G) Cov *)
Lemma sample_covariance G f h : (0 < G)%nat ->
  EK G (fun w => sum_over (fun a => (f a - sum_over f w / INR G) * h a) w / INR G) = (1 - / INR G) * (mean (fun a => f a * h a) - mean f * mean h).
Proof.
  intros HG. assert (N : INR G <> 0) by (apply not_0_INR; lia).
  rewrite (EK_ext l p G _ (fun w => / INR G * sum_over (fun a => f a * h a) w + - / INR G ^2 * (sum_over f w * sum_over h w))).
  - rewrite (EK_comb l p G (fun w => / INR G * sum_over (fun a => f a * h a) w) (fun w => sum_over f w * sum_over h w)).
    rewrite (EK_scal l p G), EK_total, EK_product. field. assumption.
  - intros w. rewrite (sum_comb [(1, fun a => f a * h a); (- (sum_over f w / INR G), h)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. field. assumption.
Qed.
End Draws.
(* a vector of sum zero: its squared length is at most half the square of its l1 norm *)
Lemma zero_sum_length (l : list nat) v : sum_over v l = 0 -> NoDup l -> sum_over (fun i => v i ^2) l <= (sum_over (fun i => Rabs (v i)) l)^2 / 2.
Proof.
  intros H0 Hd. set (n := sum_over (fun i => Rabs (v i)) l). assert (Half : forall i, In i l -> Rabs (v i) <= n / 2).
  { intros i Hi. assert (E : v i = - sum_over (fun j => if Nat.eq_dec j i then 0 else v j) l).
    { assert (T := sum_one v i l Hd Hi). assert (P : sum_over (fun j => if Nat.eq_dec j i then v j else 0) l + sum_over (fun j => if Nat.eq_dec j i then 0 else v j) l = 0).
      { rewrite <- sum_plus. transitivity (sum_over v l); [apply sum_ext; intros j _; destruct (Nat.eq_dec j i); ring | exact H0]. } lra. }
    assert (B : Rabs (v i) <= sum_over (fun j => if Nat.eq_dec j i then 0 else Rabs (v j)) l).
    { rewrite E at 1. rewrite Rabs_Ropp. eapply Rle_trans; [apply sum_abs |]. right. apply sum_ext. intros j _. destruct (Nat.eq_dec j i); [apply Rabs_R0 | reflexivity]. }
    assert (T := sum_one (fun j => Rabs (v j)) i l Hd Hi).
    assert (P : sum_over (fun j => if Nat.eq_dec j i then Rabs (v j) else 0) l + sum_over (fun j => if Nat.eq_dec j i then 0 else Rabs (v j)) l = n).
    { rewrite <- sum_plus. apply sum_ext. intros j _. destruct (Nat.eq_dec j i); ring. } lra. }
  replace (n^2 / 2) with (n / 2 * n) by field. unfold n at 2. rewrite <- sum_scal. apply sum_le. intros i Hi.
  rewrite <- pow2_abs. replace (Rabs (v i) ^2) with (Rabs (v i) * Rabs (v i)) by ring. apply Rmult_le_compat_r; [apply Rabs_pos | auto].
Qed.
Section GroupStep.
Variables (K : nat) (r th : nat -> R) (eta k : R) (G : nat).
Hypothesis HK : (0 < K)%nat.
Hypothesis Hk : is_kappa k.
Hypothesis Hr : exists i j, (i < K)%nat /\ (j < K)%nat /\ r i <> r j. (* rewards not all equal *)
Hypothesis Heta : 0 < eta.
Hypothesis HG : (0 < G)%nat.
Notation arms := (seq 0 K).
Notation V := (value K r).
Notation squares f := (sum_over (fun i => f i ^2) arms).
Notation p := (softmax K th).
Notation gradient := (partial K r th).
Notation gradient_norm := (gradient_norm K r th).
Notation rho := (rho K r).
Notation EK := (EK arms p).
Notation g := (INR G).
Definition score y j := (if Nat.eq_dec j y then 1 else 0) - p j. (* (e_y - pi)_j *)
Definition group_mean w := sum_over r w / g.
Definition group_variance w := sum_over (fun y => (r y - group_mean w)^2) w / g. (* s^2, over G *)
(* (1/G) sum_i a_i (e_{y_i} - pi) with the advantages a = (r - mean) * c of the group w *)
Definition group_update c w j := sum_over (fun y => (r y - group_mean w) * c w * score y j) w / g.
Definition expected_group_gain c := EK G (fun w => V (fun j => th j + eta * group_update c w j) - V th). (* E V(theta + eta ghat) - V(theta) *)
Let p0 := p_nonneg K th HK.
Let p1 := p_sum1 K th HK.
Lemma g_pos : 0 < g.
Proof. apply lt_0_INR. assumption. Qed.
Lemma centred_sum w : length w = G -> sum_over (fun y => r y - group_mean w) w = 0.
Proof.
  intros Hw. assert (N := g_pos). rewrite (sum_comb [(1, r); (- group_mean w, fun _ => 1)]) by (intros; cbn [comb]; ring). cbn [comb_sum].
  assert (L : sum_over (fun _ : nat => 1) w = g) by (rewrite <- Hw; clear; induction w; [reflexivity | cbn [sum_over length]; rewrite IHw, S_INR; ring]).
  rewrite L. unfold group_mean. field. lra.
Qed.
(* the pi of the scores cancels, because the advantages of a group sum to zero *)
Lemma update_counts c w j : length w = G -> group_update c w j = sum_over (fun y => (r y - group_mean w) * c w * (if Nat.eq_dec j y then 1 else 0)) w / g.
Proof.
  intros Hw. unfold group_update. f_equal.
  rewrite (sum_comb [(1, fun y => (r y - group_mean w) * c w * (if Nat.eq_dec j y then 1 else 0)); (- (c w * p j), fun y => r y - group_mean w)]) by (intros; unfold score; cbn [comb]; ring).
  cbn [comb_sum]. rewrite centred_sum by assumption. ring.
Qed.
Definition mean_deviation w := sum_over (fun y => Rabs (r y - group_mean w)) w / g.
Lemma deviation_nonneg w : 0 <= mean_deviation w.
Proof. apply Rmult_le_pos; [apply sum_nonneg; intros; apply Rabs_pos | left; apply Rinv_0_lt_compat, g_pos]. Qed.
Lemma one_at y : (y < K)%nat -> sum_over (fun j => if Nat.eq_dec j y then 1 else 0) arms = 1.
Proof. intros Hy. apply (sum_one (fun _ => 1)); [apply seq_NoDup | apply in_seq; lia]. Qed.
Lemma update_length c w : length w = G -> (forall a, In a w -> In a arms) -> squares (group_update c w) <= (Rabs (c w) * mean_deviation w)^2 / 2.
Proof.
  intros Hw Hin. assert (N := g_pos).
  assert (In_K : forall y, In y w -> (y < K)%nat) by (intros y Hy; apply Hin in Hy; apply in_seq in Hy; lia).
  assert (Z0 : sum_over (group_update c w) arms = 0).
  { rewrite (sum_ext _ (fun j => sum_over (fun y => / g * ((r y - group_mean w) * c w * (if Nat.eq_dec j y then 1 else 0))) w)) by (intros; rewrite update_counts by assumption; rewrite sum_scal; unfold Rdiv; ring).
    rewrite sum_swap. rewrite (sum_ext _ (fun y => / g * c w * (r y - group_mean w))).
    - rewrite sum_scal, centred_sum by assumption. ring.
    - intros y Hy. rewrite (sum_comb [(/ g * ((r y - group_mean w) * c w), fun j => if Nat.eq_dec j y then 1 else 0)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite one_at by auto. ring. }
  eapply Rle_trans; [apply zero_sum_length; [exact Z0 | apply seq_NoDup] |].
  apply Rmult_le_compat_r; [lra |]. apply pow_incr. split; [apply sum_nonneg; intros; apply Rabs_pos |].
  apply Rle_trans with (sum_over (fun j => sum_over (fun y => / g * (Rabs (c w) * Rabs (r y - group_mean w) * (if Nat.eq_dec j y then 1 else 0))) w) arms).
  - apply sum_le. intros j _. rewrite update_counts by assumption. unfold Rdiv. rewrite Rmult_comm, sum_scal, Rabs_mult, (Rabs_pos_eq (/ g)) by (left; apply Rinv_0_lt_compat; assumption).
    apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; assumption |]. eapply Rle_trans; [apply sum_abs |]. apply sum_le. intros y _. rewrite !Rabs_mult.
    destruct (Nat.eq_dec j y); [rewrite Rabs_R1 | rewrite Rabs_R0]; lra.
  - rewrite sum_swap. unfold mean_deviation. right.
    rewrite (sum_ext _ (fun y => / g * Rabs (c w) * Rabs (r y - group_mean w))).
    + rewrite sum_scal. unfold Rdiv. ring.
    + intros y Hy. rewrite (sum_comb [(/ g * (Rabs (c w) * Rabs (r y - group_mean w)), fun j => if Nat.eq_dec j y then 1 else 0)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite one_at by auto. ring.
Qed.
(* mean absolute deviation <= standard deviation *)
Lemma deviation_at_most w : length w = G -> mean_deviation w ^2 <= group_variance w.
Proof.
  intros Hw. assert (N := g_pos). unfold mean_deviation, group_variance.
  assert (C := cauchy_schwarz (fun _ : nat => 1) (fun _ => 1) (fun y => Rabs (r y - group_mean w)) w (fun _ _ => Rle_0_1)). cbv beta in C.
  rewrite (sum_ext (fun a => 1 * 1 * Rabs (r a - group_mean w)) (fun a => Rabs (r a - group_mean w))) in C by (intros; ring).
  rewrite (sum_ext (fun a => 1 * Rabs (r a - group_mean w) ^2) (fun a => (r a - group_mean w)^2)) in C by (intros; rewrite pow2_abs; ring).
  assert (L : sum_over (fun _ : nat => 1 * 1 ^2) w = g) by (rewrite <- Hw; clear; induction w; [reflexivity | cbn [sum_over length]; rewrite IHw, S_INR; ring]). rewrite L in C.
  apply Rmult_le_reg_r with (g^2); [apply pow_lt; assumption |].
  replace ((sum_over (fun y => Rabs (r y - group_mean w)) w / g)^2 * g^2) with ((sum_over (fun y => Rabs (r y - group_mean w)) w)^2) by (field; lra).
  replace (sum_over (fun y => (r y - group_mean w)^2) w / g * g^2) with (g * sum_over (fun y => (r y - group_mean w)^2) w) by (field; lra). exact C.
Qed.
(* the common part: an update whose squared length is at most q w <= X^2 / (k eta)^2 *)
Lemma gain_of_updates c q X wG : 0 < X -> (forall w, length w = G -> (forall a, In a w -> In a arms) -> squares (group_update c w) <= q w /\ (k * eta)^2 * q w <= X^2) ->
  EK G (fun w => sum_over (fun j => gradient j * group_update c w j) arms) = wG * gradient_norm ^2 ->
  eta * wG * gradient_norm ^2 - gradient_norm * k * eta ^2 * ((exp X - 1 - X) / X^2) * EK G q <= expected_group_gain c.
Proof.
  intros HX Hq HE. assert (k0 : 0 < k) by (destruct (kappa_digits k Hk); lra). assert (n0 : 0 <= gradient_norm) by apply sqrt_pos.
  set (phi := (exp X - 1 - X) / X^2).
  assert (phi0 : 0 <= phi). { assert (I := exp_ineq1_le X). apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat, pow_lt; assumption]. }
  apply Rle_trans with (EK G (fun w => eta * sum_over (fun j => gradient j * group_update c w j) arms + (- (gradient_norm * k * eta ^2 * phi)) * q w)).
  - right. rewrite (EK_comb arms p G (fun w => eta * sum_over (fun j => gradient j * group_update c w j) arms) q). rewrite (EK_scal arms p G), HE. ring.
  - apply EK_le; [exact p0 |]. intros w Hw Hin. destruct (Hq w Hw Hin) as [Q1 Q2].
    assert (S := step_gain_at_least K r HK k th (fun j => eta * group_update c w j) Hk). cbv zeta in S. fold gradient_norm in S.
    rewrite (sum_ext (fun j => gradient j * (eta * group_update c w j)) (fun j => eta * (gradient j * group_update c w j))) in S by (intros; ring). rewrite sum_scal in S.
    rewrite (sum_ext (fun i => (eta * group_update c w i)^2) (fun i => eta ^2 * group_update c w i ^2)) in S by (intros; ring). rewrite sum_scal in S.
    eapply Rle_trans; [| exact S]. unfold Rminus at 1. apply Rplus_le_compat_l. rewrite Ropp_mult_distr_l_reverse. apply Ropp_le_contravar.
    set (s := squares (group_update c w)) in *. assert (s0 : 0 <= s) by (apply sum_nonneg; intros; apply pow2_ge_0). set (z := k * sqrt (eta ^2 * s)).
    assert (e0 : 0 <= eta ^2) by apply pow2_ge_0. assert (es : 0 <= eta ^2 * s) by (apply Rmult_le_pos; assumption).
    assert (zz : z^2 = (k * eta)^2 * s) by (unfold z; replace ((k * sqrt (eta ^2 * s))^2) with (k^2 * (sqrt (eta ^2 * s) * sqrt (eta ^2 * s))) by ring; rewrite sqrt_sqrt by assumption; ring).
    assert (z0 : 0 <= z) by (apply Rmult_le_pos; [lra | apply sqrt_pos]).
    assert (ke : 0 <= (k * eta)^2) by apply pow2_ge_0.
    assert (zX : z <= X). { apply Rsqr_incr_0_var; [| lra]. rewrite !Rsqr_pow2, zz. apply Rle_trans with ((k * eta)^2 * q w); [apply Rmult_le_compat_l |]; assumption. }
    assert (Rm := remainder_increases z X (conj z0 zX) HX). replace (z^2 / X^2 * (exp X - 1 - X)) with (z^2 * phi) in Rm by (unfold phi; field; lra). rewrite zz in Rm.
    apply Rle_trans with (gradient_norm / k * ((k * eta)^2 * q w * phi)).
    + apply Rmult_le_compat_l; [apply Rmult_le_pos; [assumption | left; apply Rinv_0_lt_compat; assumption] |]. eapply Rle_trans; [exact Rm |].
      apply Rmult_le_compat_r; [assumption |]. apply Rmult_le_compat_l; assumption.
    + right. field. lra.
Qed.
(* sum_j grad_j (e_y - pi)_j = grad_y - grad . pi *)
Lemma first_order c w : sum_over (fun j => gradient j * group_update c w j) arms = sum_over (fun j => gradient j * (sum_over (fun y => (r y - group_mean w) * c w * score y j) w / g)) arms.
Proof. reflexivity. Qed.
Lemma mean_group_variance : EK G group_variance = (1 - / g) * variance K r th.
Proof.
  assert (N := g_pos). rewrite (EK_ext_in arms p G _ (fun w => sum_over (fun a => (r a - sum_over r w / g) * r a) w / g)).
  - rewrite (sample_covariance arms p p1 G r r HG). f_equal. unfold variance. change (Derivative.arms K) with arms. change (pi K th) with p.
    rewrite (sum_comb [(1, fun i => p i * (r i * r i)); (-2 * V th, fun i => p i * r i); ((V th)^2, p)] (fun i => p i * (r i - V th)^2)) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. rewrite p1. fold (Tabular.mean arms p r). change (Tabular.mean arms p r) with (V th). unfold Tabular.mean. ring.
  - intros w Hw _. unfold group_variance. f_equal. fold (group_mean w).
    rewrite (sum_comb [(1, fun a => (r a - group_mean w) * r a); (- group_mean w, fun a => r a - group_mean w)]) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. rewrite centred_sum by assumption. ring.
Qed.
Lemma gradient_sum0 : sum_over gradient arms = 0.
Proof. rewrite (sum_ext _ (Tabular.grad arms p r)) by (intros a Ha; rewrite partial_eq by assumption; reflexivity). apply grad_sum0. exact p1. Qed.
(* Dr.GRPO: c = 1 *)
Lemma mean_dr_grpo : EK G (fun w => sum_over (fun j => gradient j * group_update (fun _ => 1) w j) arms) = (1 - / g) * gradient_norm ^2.
Proof.
  assert (N := g_pos). set (gp := sum_over (fun j => gradient j * p j) arms). set (h := fun y => gradient y - gp).
  rewrite (EK_ext_in arms p G _ (fun w => sum_over (fun a => (r a - sum_over r w / g) * h a) w / g)).
  - rewrite (sample_covariance arms p p1 G r h HG). f_equal. rewrite gradient_norm2.
    assert (E1 : Tabular.mean arms p h = 0).
    { unfold Tabular.mean, h. rewrite (sum_comb [(1, fun a => gradient a * p a); (- gp, p)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite p1. fold gp. ring. }
    rewrite E1. unfold Tabular.mean. rewrite (sum_ext (fun a => p a * (r a * h a)) (fun a => gradient a * h a + V th * (p a * h a))).
    + rewrite sum_plus, sum_scal. fold (Tabular.mean arms p h). rewrite E1. unfold h.
      rewrite (sum_comb [(1, fun a => gradient a ^2); (- gp, gradient)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite gradient_sum0. ring.
    + intros a Ha. assert (Ea := gradient_eq K r th HK a Ha). unfold h. set (b := gradient a - gp). clearbody b. rewrite Ea. ring.
  - intros w Hw Hin. unfold group_update. fold (group_mean w).
    rewrite (sum_ext _ (fun j => sum_over (fun y => gradient j * ((r y - group_mean w) * score y j) / g) w)).
    + rewrite sum_swap. unfold Rdiv. rewrite Rmult_comm, <- sum_scal. apply sum_ext. intros y Hy. apply Hin in Hy.
      rewrite (sum_comb [((r y - group_mean w) * / g, fun j => if Nat.eq_dec j y then gradient j else 0); (- ((r y - group_mean w) * / g), fun j => gradient j * p j)]) by (intros j _; unfold score; cbn [comb]; destruct (Nat.eq_dec j y); ring).
      cbn [comb_sum]. rewrite (sum_one gradient y arms) by (try apply seq_NoDup; assumption). fold gp. unfold h. ring.
    + intros j _. unfold Rdiv. rewrite (sum_ext (fun y => gradient j * ((r y - group_mean w) * score y j) * / g) (fun y => gradient j * / g * ((r y - group_mean w) * 1 * score y j))) by (intros; ring).
      rewrite sum_scal. ring.
Qed.
(* mean absolute deviation <= half the range: |x| <= chord between the ends *)
Lemma deviation_half_range w lo hi : length w = G -> (forall y, In y w -> lo <= r y <= hi) -> mean_deviation w <= (hi - lo) / 2.
Proof.
  intros Hw Hb. assert (N := g_pos). set (m := group_mean w). assert (Z0 := centred_sum w Hw). fold m in Z0.
  assert (L : sum_over (fun _ : nat => 1) w = g) by (rewrite <- Hw; clear; induction w; [reflexivity | cbn [sum_over length]; rewrite IHw, S_INR; ring]).
  assert (Hm : lo <= m <= hi).
  { unfold m, group_mean. split; apply Rmult_le_reg_r with g; try assumption; unfold Rdiv; rewrite ?Rmult_assoc, ?Rinv_l, ?Rmult_1_r by lra.
    - rewrite <- L, <- sum_scal. apply sum_le. intros y Hy. destruct (Hb y Hy). lra.
    - rewrite <- L, <- sum_scal. apply sum_le. intros y Hy. destruct (Hb y Hy). lra. }
  destruct (Req_dec hi lo) as [e | n].
  - unfold mean_deviation. fold m. rewrite (sum_ext _ (fun _ => 0)).
    + rewrite sum_zero. lra.
    + intros y Hy. destruct (Hb y Hy). replace (r y - m) with 0 by lra. apply Rabs_R0.
  - assert (D : 0 < hi - lo) by lra. apply Rmult_le_reg_r with (g * (hi - lo)); [apply Rmult_lt_0_compat; assumption |].
    unfold mean_deviation. fold m. replace (sum_over (fun y => Rabs (r y - m)) w / g * (g * (hi - lo))) with ((hi - lo) * sum_over (fun y => Rabs (r y - m)) w) by (field; lra).
    apply Rle_trans with (sum_over (fun y => (hi - m) * (m - lo) * 2 * 1 + (hi + lo - 2 * m) * (r y - m)) w).
    + rewrite <- sum_scal. apply sum_le. intros y Hy. destruct (Hb y Hy). unfold Rabs. destruct (Rcase_abs (r y - m)).
      * assert (0 <= (m - r y) * (m - lo)) by (apply Rmult_le_pos; lra). assert (0 <= (hi - m) * (r y - lo)) by (apply Rmult_le_pos; lra). lra.
      * assert (0 <= (m - lo) * (hi - r y)) by (apply Rmult_le_pos; lra). lra.
    + rewrite sum_plus, sum_scal, sum_scal, Z0, L. assert (0 <= ((hi - m) - (m - lo))^2) by apply pow2_ge_0.
      assert (Q : (hi - m) * (m - lo) * 2 <= (hi - lo) / 2 * (hi - lo)) by lra. apply Rmult_le_compat_r with (r := g) in Q; [| lra]. lra.
Qed.
(* B27 *)
Theorem dr_grpo_gain lo hi : (forall i, (i < K)%nat -> lo <= r i <= hi) ->
  expected_group_gain (fun _ => 1) >= eta * (1 - / g) * gradient_norm ^2 * (1 - k * eta * rho / 4 * exp (k * eta * (hi - lo) / (2 * sqrt 2))).
Proof.
  intros Hb. apply Rle_ge. assert (k0 : 0 < k) by (destruct (kappa_digits k Hk); lra). assert (N := g_pos). assert (n0 : 0 <= gradient_norm) by apply sqrt_pos.
  assert (D : 0 < hi - lo). { destruct Hr as (i & j & Hi & Hj & n). destruct (Hb i Hi), (Hb j Hj). assert (r i <> r j) by assumption. destruct (Req_dec hi lo); lra. }
  assert (s2 : 0 < sqrt 2) by (apply sqrt_lt_R0; lra). assert (s22 : sqrt 2 * sqrt 2 = 2) by (apply sqrt_sqrt; lra).
  set (X := k * eta * (hi - lo) / (2 * sqrt 2)).
  assert (XX : X^2 = (k * eta)^2 * (hi - lo)^2 / 8). { unfold X. replace ((k * eta * (hi - lo) / (2 * sqrt 2))^2) with ((k * eta)^2 * (hi - lo)^2 / (4 * (sqrt 2 * sqrt 2))) by (field; lra). rewrite s22. field. }
  assert (X0 : 0 < X). { unfold X. apply Rdiv_lt_0_compat; [repeat apply Rmult_lt_0_compat; lra | lra]. }
  assert (B := gain_of_updates (fun _ => 1) (fun w => mean_deviation w ^2 / 2) X (1 - / g) X0).
  assert (Q : EK G (fun w => mean_deviation w ^2 / 2) <= (1 - / g) * (rho * gradient_norm) / 2).
  { apply Rle_trans with (EK G (fun w => / 2 * group_variance w)).
    - apply EK_le; [exact p0 |]. intros w Hw _. assert (D2 := deviation_at_most w Hw). lra.
    - rewrite (EK_scal arms p G), mean_group_variance. assert (W := variance_at_most K r th HK).
      assert (0 <= 1 - / g). { assert (1 <= g) by (change 1 with (INR 1); apply le_INR; lia). assert (/ g <= / 1) by (apply Rinv_le_contravar; lra). lra. }
      assert ((1 - / g) * variance K r th <= (1 - / g) * (rho * gradient_norm)) by (apply Rmult_le_compat_l; assumption). lra. }
  assert (phi : (exp X - 1 - X) / X^2 <= exp X / 2).
  { assert (Rm := remainder_at_most X X ltac:(lra)). apply Rmult_le_reg_r with (X^2); [apply pow_lt; assumption |]. unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by (apply pow_nonzero; lra). lra. }
  assert (phi0 : 0 <= (exp X - 1 - X) / X^2). { assert (I := exp_ineq1_le X). apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat, pow_lt; assumption]. }
  eapply Rle_trans; [| apply B].
  - set (f := (exp X - 1 - X) / X^2) in *. clearbody f. set (q := EK G (fun w => mean_deviation w ^2 / 2)) in *. clearbody q. clear B.
    assert (c0 : 0 <= gradient_norm * k * eta ^2) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply pow2_ge_0]).
    set (T := (1 - / g) * (rho * gradient_norm) / 2) in *.
    assert (T0 : 0 <= T). { unfold T. assert (1 <= g) by (change 1 with (INR 1); apply le_INR; lia). assert (/ g <= / 1) by (apply Rinv_le_contravar; lra). assert (0 <= rho) by apply sqrt_pos.
      apply Rmult_le_pos; [apply Rmult_le_pos; [lra | apply Rmult_le_pos; assumption] | lra]. }
    assert (U : gradient_norm * k * eta ^2 * f * q <= gradient_norm * k * eta ^2 * (exp X / 2) * T).
    { rewrite !Rmult_assoc. rewrite <- !(Rmult_assoc gradient_norm). rewrite <- !(Rmult_assoc (gradient_norm * k)). apply Rmult_le_compat_l; [assumption |].
      apply Rle_trans with (f * T); [apply Rmult_le_compat_l; assumption | apply Rmult_le_compat_r; assumption]. }
    apply Rle_trans with (eta * (1 - / g) * gradient_norm ^2 - gradient_norm * k * eta ^2 * (exp X / 2) * T); [| lra].
    right. unfold T. field. lra.
  - intros w Hw Hin. split.
    + assert (L := update_length (fun _ => 1) w Hw Hin). cbv beta in L. rewrite Rabs_R1, Rmult_1_l in L. exact L.
    + assert (H := deviation_half_range w lo hi Hw ltac:(intros y Hy; apply Hb; apply Hin in Hy; apply in_seq in Hy; lia)).
      assert (M0 := deviation_nonneg w). assert (M2 : mean_deviation w ^2 <= ((hi - lo) / 2)^2) by (apply pow_incr; lra).
      rewrite XX. assert (0 <= (k * eta)^2) by apply pow2_ge_0. assert ((k * eta)^2 * mean_deviation w ^2 <= (k * eta)^2 * ((hi - lo) / 2)^2) by (apply Rmult_le_compat_l; assumption). lra.
  - apply mean_dr_grpo.
Qed.
End GroupStep.
