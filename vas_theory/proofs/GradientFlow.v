(* B53, B14 and L06: the least time in which the gradient flow of E R - beta KL(pi | pi at time 0) raises the mean of a target. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Calculus Policy FlowBound.
Import ListNotations.
Open Scope R_scope.
Section Flow.
Context {X Y D : Type} (prompts : list X) (acts : list Y) (dims : list D).
Variables (pol : (D -> R) -> X -> Y -> R) (mu : X -> R) (reward : X -> Y -> R) (beta : R). (* pol th x y: probability of y at prompt x *)
Variables (theta : R -> D -> R) (velocity : R -> D -> R) (g : R -> X -> Y -> D -> R) (T : R).
Hypothesis Hmu : forall x, In x prompts -> 0 <= mu x.
Hypothesis Hmu1 : sum_over mu prompts = 1.
Hypothesis Hbeta : 0 <= beta.
Hypothesis Hpos : forall th x y, 0 < pol th x y.
Hypothesis Hone : forall th x, sum_over (pol th x) acts = 1.
(* the trained objective: mean over prompts of E R - beta KL(pi | pi_0) *)
Definition trained th := sum_over (fun x => mu x * (sum_over (fun y => pol th x y * reward x y) acts
  - beta * sum_over (fun y => pol th x y * ln (pol th x y / pol (theta 0) x y)) acts)) prompts.
(* a smooth policy with score g: the gradient of each probability is pi g, and the chain rule holds along the flow *)
Definition smooth_along := forall t x y, In x prompts -> In y acts -> 0 <= t <= T ->
  is_gradient dims (fun th => pol th x y) (theta t) (fun k => pol (theta t) x y * g t x y k)
  /\ is_derive (fun s => pol (theta s) x y) t (dot dims (fun k => pol (theta t) x y * g t x y k) (velocity t)).
(* gradient flow: the velocity of the parameters is the gradient of the trained objective *)
Definition gradient_flow := forall t, 0 <= t <= T ->
  (forall k, In k dims -> is_derive (fun s => theta s k) t (velocity t k)) /\ is_gradient dims trained (theta t) (velocity t).
Hypothesis Hsmooth : smooth_along.
Hypothesis Hflow : gradient_flow.
Definition p x y t := pol (theta t) x y.
Definition a x y t := dot dims (g t x y) (velocity t). (* d log pi / dt *)
Notation E := (FlowBound.E acts p).
Notation adjusted := (adjusted reward beta p).
Notation adjusted_mean := (adjusted_mean acts reward beta p).
Notation variance := (FlowBound.variance prompts acts mu reward beta p).
Notation drift := (drift prompts acts mu reward beta p a).
Lemma dot_scal c u w : dot dims (fun k => c * u k) w = c * dot dims u w.
Proof. unfold dot. rewrite <- sum_scal. apply sum_ext. intros. ring. Qed.
Lemma p_moves x y t : In x prompts -> In y acts -> 0 <= t <= T -> is_derive (p x y) t (p x y t * a x y t).
Proof. intros Hx Hy Ht. destruct (Hsmooth t x y Hx Hy Ht) as [_ H]. evar_last; [exact H |]. apply dot_scal. Qed.
Lemma score_mean t x k : In x prompts -> 0 <= t <= T -> In k dims -> E x t (fun y => g t x y k) = 0.
Proof.
  intros Hx Ht Hk. apply (Policy.score_mean_zero acts dims (fun th => pol th x) (theta t) (g t x)); [| assumption].
  split; [intros; left; apply Hpos |]. split; [intros; apply Hone |]. intros y Hy. apply (Hsmooth t x y Hx Hy Ht).
Qed.
(* the gradient of the trained objective is E_x E[R~ g] *)
Lemma trained_gradient t : 0 <= t <= T -> is_gradient dims trained (theta t) (fun k => sum_over (fun x => mu x * E x t (fun y => adjusted x y t * g t x y k)) prompts).
Proof.
  intros Ht u. unfold trained.
  assert (Dot : dot dims (fun k => sum_over (fun x => mu x * E x t (fun y => adjusted x y t * g t x y k)) prompts) u
    = sum_over (fun x => mu x * sum_over (fun y => p x y t * adjusted x y t * dot dims (g t x y) u) acts) prompts).
  { unfold dot at 1. rewrite (sum_ext _ (fun k => sum_over (fun x => mu x * E x t (fun y => adjusted x y t * g t x y k) * u k) prompts)) by (intros; rewrite Rmult_comm, <- sum_scal; apply sum_ext; intros; ring).
    rewrite sum_swap. apply sum_ext. intros x _. rewrite <- sum_scal.
    rewrite (sum_ext _ (fun k => sum_over (fun y => mu x * (p x y t * adjusted x y t * (g t x y k * u k))) acts)).
    - rewrite sum_swap. apply sum_ext. intros y _. unfold dot. rewrite <- !sum_scal. apply sum_ext. intros. ring.
    - intros k _. rewrite (sum_comb [(mu x * u k, fun y => p x y t * (adjusted x y t * g t x y k))] (fun y => mu x * (p x y t * adjusted x y t * (g t x y k * u k)))) by (intros; cbn [comb]; ring).
      cbn [comb_sum]. unfold FlowBound.E. ring. }
  rewrite Dot. apply (sum_derive (fun x s => mu x * (sum_over (fun y => pol (move (theta t) u s) x y * reward x y) acts - beta * sum_over (fun y => pol (move (theta t) u s) x y * ln (pol (move (theta t) u s) x y / pol (theta 0) x y)) acts))).
  intros x Hx. apply (is_derive_scal (fun s => sum_over (fun y => pol (move (theta t) u s) x y * reward x y) acts - beta * sum_over (fun y => pol (move (theta t) u s) x y * ln (pol (move (theta t) u s) x y / pol (theta 0) x y)) acts)).
  assert (Dp : forall y, In y acts -> is_derive (fun s => pol (move (theta t) u s) x y) 0 (p x y t * dot dims (g t x y) u)).
  { intros y Hy. destruct (Hsmooth t x y Hx Hy Ht) as [H _]. evar_last; [exact (H u) | apply dot_scal]. }
  evar_last.
  - apply (is_derive_minus (fun s => sum_over (fun y => pol (move (theta t) u s) x y * reward x y) acts) (fun s => beta * sum_over (fun y => pol (move (theta t) u s) x y * ln (pol (move (theta t) u s) x y / pol (theta 0) x y)) acts)).
    + apply (sum_derive (fun y s => pol (move (theta t) u s) x y * reward x y) (fun y => p x y t * dot dims (g t x y) u * reward x y)). intros y Hy.
      apply (is_derive_ext (fun s => reward x y * pol (move (theta t) u s) x y)); [intros; apply Rmult_comm |]. evar_last; [apply (is_derive_scal (fun s => pol (move (theta t) u s) x y)); apply Dp; assumption | as_reals; ring].
    + apply (is_derive_scal (fun s => sum_over (fun y => pol (move (theta t) u s) x y * ln (pol (move (theta t) u s) x y / pol (theta 0) x y)) acts)).
      apply (sum_derive (fun y s => pol (move (theta t) u s) x y * ln (pol (move (theta t) u s) x y / pol (theta 0) x y)) (fun y => p x y t * dot dims (g t x y) u * ln (p x y t / p x y 0) + p x y t * dot dims (g t x y) u)). intros y Hy.
      assert (P0 := Hpos (theta t) x y). assert (Q0 := Hpos (theta 0) x y).
      assert (Dl : is_derive (fun s => ln (pol (move (theta t) u s) x y / pol (theta 0) x y)) 0 (dot dims (g t x y) u)).
      { apply (is_derive_ext (fun s => ln (pol (move (theta t) u s) x y) - ln (pol (theta 0) x y))).
        - intros s. unfold Rdiv. rewrite ln_mult, ln_Rinv by (try apply Rinv_0_lt_compat; apply Hpos). match goal with |- @eq _ ?x ?y => change (@eq R x y) end. ring.
        - evar_last; [apply (is_derive_minus (fun s => ln (pol (move (theta t) u s) x y)) (fun _ => ln (pol (theta 0) x y))); [apply (is_derive_comp ln (fun s => pol (move (theta t) u s) x y)); [apply is_derive_ln; apply Hpos | apply Dp; assumption] | apply @is_derive_const] |].
          rewrite move_0. as_reals. unfold p. field. lra. }
      evar_last; [apply (is_derive_mult (fun s => pol (move (theta t) u s) x y) (fun s => ln (pol (move (theta t) u s) x y / pol (theta 0) x y))); [apply Dp; assumption | exact Dl | intros; apply Rmult_comm] |].
      cbv beta. rewrite move_0. unfold plus, mult; cbn. unfold p. ring.
  - assert (S0 : sum_over (fun y => p x y t * dot dims (g t x y) u) acts = 0).
    { unfold dot. rewrite (sum_ext _ (fun y => sum_over (fun k => u k * (p x y t * g t x y k)) dims)) by (intros; rewrite <- sum_scal; apply sum_ext; intros; ring).
      rewrite sum_swap. rewrite <- (sum_zero dims). apply sum_ext. intros k Hk. rewrite sum_scal. assert (Z := score_mean t x k Hx Ht Hk). unfold FlowBound.E in Z. rewrite Z. ring. }
    unfold minus, plus, opp; cbn.
    rewrite (sum_comb [(1, fun y => p x y t * dot dims (g t x y) u * reward x y); (- beta, fun y => p x y t * dot dims (g t x y) u * ln (p x y t / p x y 0))] (fun y => p x y t * adjusted x y t * dot dims (g t x y) u)) by (intros; unfold FlowBound.adjusted; cbn [comb]; ring).
    rewrite sum_plus, S0. cbn [comb_sum]. match goal with |- @eq _ ?x ?y => change (@eq R x y) end. ring.
Qed.
Lemma velocity_eq t k : 0 <= t <= T -> In k dims -> velocity t k = sum_over (fun x => mu x * E x t (fun y => adjusted x y t * g t x y k)) prompts.
Proof. intros Ht Hk. destruct (Hflow t Ht) as [_ H]. exact (gradient_unique dims trained (theta t) _ _ H (trained_gradient t Ht) k Hk). Qed.
(* the objective rises at the rate |grad|^2 *)
Lemma drift_is_square t : 0 <= t <= T -> drift t = dot dims (velocity t) (velocity t).
Proof.
  intros Ht. unfold dot. rewrite (sum_ext (fun k => velocity t k * velocity t k) (fun k => sum_over (fun x => mu x * E x t (fun y => (adjusted x y t - adjusted_mean x t) * g t x y k) * velocity t k) prompts)).
  - rewrite sum_swap. unfold FlowBound.drift. apply sum_ext. intros x _.
    rewrite (sum_ext _ (fun k => sum_over (fun y => mu x * (p x y t * ((adjusted x y t - adjusted_mean x t) * (g t x y k * velocity t k)))) acts)).
    + rewrite sum_swap. unfold FlowBound.E at 1. rewrite <- sum_scal. apply sum_ext. intros y _. unfold a, dot. rewrite <- !sum_scal. apply sum_ext. intros. ring.
    + intros k _. rewrite (sum_comb [(mu x * velocity t k, fun y => p x y t * ((adjusted x y t - adjusted_mean x t) * g t x y k))] (fun y => mu x * (p x y t * ((adjusted x y t - adjusted_mean x t) * (g t x y k * velocity t k))))) by (intros; cbn [comb]; ring).
      cbn [comb_sum]. unfold FlowBound.E. ring.
  - intros k Hk. rewrite (velocity_eq t k Ht Hk) at 1. rewrite Rmult_comm, <- sum_scal. apply sum_ext. intros x Hx.
    assert (Z := score_mean t x k Hx Ht Hk). unfold FlowBound.E in Z. 
    assert (C : E x t (fun y => (adjusted x y t - adjusted_mean x t) * g t x y k) = E x t (fun y => adjusted x y t * g t x y k)).
    { unfold FlowBound.E. rewrite (sum_comb [(1, fun y => p x y t * (adjusted x y t * g t x y k)); (- adjusted_mean x t, fun y => p x y t * g t x y k)] (fun y => p x y t * ((adjusted x y t - adjusted_mean x t) * g t x y k))) by (intros; cbn [comb]; ring).
      cbn [comb_sum]. rewrite Z. ring. }
    rewrite C. ring.
Qed.
Lemma drift_nonneg t : 0 <= t <= T -> 0 <= drift t.
Proof. intros Ht. rewrite drift_is_square by assumption. apply sum_nonneg. intros. apply Rle_0_sqr. Qed.
Definition start_variance := sum_over (fun x => mu x * sum_over (fun y => pol (theta 0) x y * (reward x y - sum_over (fun z => pol (theta 0) x z * reward x z) acts)^2) acts) prompts. (* E_x Var_0 *)
Lemma start : variance 0 = start_variance.
Proof.
  assert (A0 : forall x y, adjusted x y 0 = reward x y).
  { intros x y. unfold FlowBound.adjusted. assert (P0 := Hpos (theta 0) x y). replace (p x y 0 / p x y 0) with 1 by (unfold p; field; lra). rewrite ln_1. ring. }
  apply sum_ext. intros x _. f_equal. unfold prompt_variance, FlowBound.E. apply sum_ext. intros y _. rewrite A0. unfold FlowBound.adjusted_mean, FlowBound.E.
  rewrite (sum_ext (fun z => p x z 0 * adjusted x z 0) (fun z => pol (theta 0) x z * reward x z)) by (intros; rewrite A0; reflexivity). reflexivity.
Qed.
(* the score has norm at most Gmax on the way *)
Variable Gmax : R.
Hypothesis HG : 0 < Gmax.
Hypothesis Hscore : forall t x y, In x prompts -> In y acts -> 0 <= t <= T -> dot dims (g t x y) (g t x y) <= Gmax ^2.
Lemma dot_cs u w : dot dims u w ^2 <= dot dims u u * dot dims w w.
Proof.
  assert (C := cauchy_schwarz (fun _ => 1) u w dims (fun _ _ => Rle_0_1)). cbv beta in C. unfold dot.
  rewrite (sum_ext (fun k => 1 * u k * w k) (fun k => u k * w k)) in C by (intros; ring).
  rewrite (sum_ext (fun k => 1 * u k ^2) (fun k => u k * u k)) in C by (intros; ring). rewrite (sum_ext (fun k => 1 * w k ^2) (fun k => w k * w k)) in C by (intros; ring). exact C.
Qed.
Lemma dot_nonneg u : 0 <= dot dims u u.
Proof. apply sum_nonneg. intros. apply Rle_0_sqr. Qed.
Lemma a_at_most t x y : In x prompts -> In y acts -> 0 <= t <= T -> Rabs (a x y t) <= Gmax * sqrt (dot dims (velocity t) (velocity t)).
Proof.
  intros Hx Hy Ht. assert (V0 := dot_nonneg (velocity t)). apply Rsqr_incr_0_var; [| apply Rmult_le_pos; [lra | apply sqrt_pos]].
  rewrite <- Rsqr_abs, Rsqr_mult, Rsqr_sqrt, !Rsqr_pow2 by assumption. eapply Rle_trans; [apply dot_cs |]. apply Rmult_le_compat_r; [assumption | apply Hscore; assumption].
Qed.
Lemma velocity_at_most t : 0 <= t <= T -> sqrt (dot dims (velocity t) (velocity t)) <= Gmax * sqrt (variance t).
Proof.
  intros Ht. set (s := sqrt (dot dims (velocity t) (velocity t))). assert (s0 : 0 <= s) by apply sqrt_pos. assert (ss : s * s = dot dims (velocity t) (velocity t)) by (apply sqrt_sqrt, dot_nonneg).
  destruct (Req_dec s 0) as [-> | n]; [apply Rmult_le_pos; [lra | apply sqrt_pos] |]. apply Rmult_le_reg_r with s; [lra |]. rewrite ss, <- drift_is_square by assumption.
  assert (M := mean_deviation_at_most prompts acts mu reward beta p Hmu (fun x y t => Hpos (theta t) x y) (fun x t => Hone (theta t) x) t Hmu1).
  apply Rle_trans with (Gmax * s * sum_over (fun x => mu x * E x t (fun y => Rabs (adjusted x y t - adjusted_mean x t))) prompts).
  - rewrite <- sum_scal. unfold FlowBound.drift. apply sum_le. intros x Hx.
    replace (Gmax * s * (mu x * E x t (fun y => Rabs (adjusted x y t - adjusted_mean x t)))) with (mu x * (Gmax * s * E x t (fun y => Rabs (adjusted x y t - adjusted_mean x t)))) by ring.
    apply Rmult_le_compat_l; [auto |]. unfold FlowBound.E. rewrite <- sum_scal. apply sum_le. intros y Hy.
    replace (Gmax * s * (p x y t * Rabs (adjusted x y t - adjusted_mean x t))) with (p x y t * (Rabs (adjusted x y t - adjusted_mean x t) * (Gmax * s))) by ring.
    apply Rmult_le_compat_l; [left; apply Hpos |]. eapply Rle_trans; [apply Rle_abs |]. rewrite Rabs_mult. apply Rmult_le_compat_l; [apply Rabs_pos | apply a_at_most; assumption].
  - replace (Gmax * sqrt (variance t) * s) with (Gmax * s * sqrt (variance t)) by ring. apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | exact M].
Qed.
(* the target: a reward in [-1, 1], averaged over prompts with any weights (one prompt alone, or all) *)
Context (om : X -> R) (target : X -> Y -> R).
Hypothesis Hom : forall x, In x prompts -> 0 <= om x.
Hypothesis Hom1 : sum_over om prompts = 1.
Hypothesis Htarget : forall x y, -1 <= target x y <= 1.
Definition target_at t := sum_over (fun x => om x * sum_over (fun y => pol (theta t) x y * target x y) acts) prompts.
(* B53: every time t at which the target has risen by gamma *)
Theorem time_to_rise_improved t gamma : 0 <= t <= T -> 0 < start_variance -> 0 <= gamma -> target_at t >= target_at 0 + gamma ->
  t >= 2 * (1 - exp (- asin (gamma / 2))) / (Gmax ^2 * sqrt start_variance).
Proof.
  intros Ht HV Hg Hrise. apply Rle_ge. rewrite <- start in *. assert (c0 : 0 < Gmax ^2) by (apply pow_lt; assumption).
  assert (R1 := target_range prompts acts p (fun x y t => Hpos (theta t) x y) (fun x t => Hone (theta t) x) om target Hom Hom1 Htarget).
  assert (g2 : gamma <= 2) by (destruct (R1 t), (R1 0); unfold target_mean, FlowBound.E, p in *; unfold target_at in Hrise; lra).
  apply (time_bound prompts acts mu reward beta T p a Hmu Hbeta (fun x y t => Hpos (theta t) x y) (fun x t => Hone (theta t) x) p_moves om target Hom Hom1 Htarget); try assumption; try lra.
  - intros s Hs. apply drift_nonneg. assumption.
  - intros s x y Hs Hx Hy. eapply Rle_trans; [apply a_at_most; assumption |]. replace (Gmax ^2 * sqrt (variance s)) with (Gmax * (Gmax * sqrt (variance s))) by ring. apply Rmult_le_compat_l; [lra | apply velocity_at_most; assumption].
  - unfold target_mean, FlowBound.E, p. unfold target_at in Hrise. lra.
Qed.
(* B14 *)
Theorem time_to_rise t gamma : 0 <= t <= T -> 0 < start_variance -> 0 <= gamma -> target_at t >= target_at 0 + gamma ->
  t >= (1 - exp (- gamma)) / (Gmax ^2 * sqrt start_variance).
Proof.
  intros Ht HV Hg Hrise. assert (B := time_to_rise_improved t gamma Ht HV Hg Hrise). apply Rle_ge. apply Rge_le in B. eapply Rle_trans; [| exact B].
  assert (d0 : 0 < Gmax ^2 * sqrt start_variance) by (apply Rmult_lt_0_compat; [apply pow_lt; assumption | apply sqrt_lt_R0; assumption]).
  apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; assumption |].
  assert (R1 := target_range prompts acts p (fun x y t => Hpos (theta t) x y) (fun x t => Hone (theta t) x) om target Hom Hom1 Htarget).
  assert (g2 : gamma <= 2) by (destruct (R1 t), (R1 0); unfold target_mean, FlowBound.E, p in *; unfold target_at in Hrise; lra).
  set (psi := asin (gamma / 2)). assert (Sp : sin psi = gamma / 2) by (apply sin_asin; lra). assert (Bp := asin_bound (gamma / 2)). fold psi in Bp.
  assert (Pp : gamma / 2 <= psi).
  { destruct (Rle_lt_dec (gamma / 2) psi) as [| L]; [assumption | exfalso]. destruct (Rle_lt_dec psi 0) as [n | q].
    - destruct (Req_dec psi 0) as [z | nz]; [rewrite z, sin_0 in Sp; lra |]. assert (sin psi < 0) by (apply sin_lt_0_var; assert (P := PI_RGT_0); lra). lra.
    - assert (S := sin_lt_x psi q). lra. }
  assert (E1 : exp (- psi) <= exp (- (gamma / 2))) by (destruct (Req_dec psi (gamma / 2)) as [-> | n]; [lra | left; apply exp_increasing; lra]).
  assert (E2 : exp (- gamma) = exp (- (gamma / 2)) * exp (- (gamma / 2))) by (rewrite <- exp_plus; f_equal; field). rewrite E2.
  set (z := exp (- (gamma / 2))) in *. assert (0 <= (1 - z)^2) by apply pow2_ge_0. lra.
Qed.
(* L02: score norm at most sqrt 2 L J, rewards in [-1, 1], KL weight beta; 1 - e^(-7/(3 beta)) is 1 at beta = 0 *)
Definition penalty_share := if Req_EM_T beta 0 then 1 else 1 - exp (- (7 / (3 * beta))).
Theorem razin_time_bound t gamma L J : 0 <= t <= T -> 0 < start_variance -> 0 <= gamma -> target_at t >= target_at 0 + gamma -> (forall x y, -1 <= reward x y <= 1) ->
  Gmax = sqrt 2 * L * J ->
  t >= Rmin (1 - exp (- (gamma / 9))) penalty_share / (8 * L^2 * J^2) * Rpower start_variance (- (1 / 3)).
Proof.
  intros Ht HV Hg Hrise Hr EG. assert (B := time_to_rise t gamma Ht HV Hg Hrise). apply Rle_ge. apply Rge_le in B. eapply Rle_trans; [| exact B].
  assert (V1 : start_variance <= 1).
  { unfold start_variance. apply Rle_trans with (sum_over (fun x => 1 * mu x) prompts); [| rewrite sum_scal, Hmu1; lra]. apply sum_le. intros x Hx. rewrite Rmult_comm. apply Rmult_le_compat_r; [auto |].
    set (m := sum_over (fun z => pol (theta 0) x z * reward x z) acts).
    rewrite (sum_comb [(1, fun y => pol (theta 0) x y * reward x y ^2); (-2 * m, fun y => pol (theta 0) x y * reward x y); (m^2, pol (theta 0) x)]) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. rewrite Hone. fold m. assert (Q : sum_over (fun y => pol (theta 0) x y * reward x y ^2) acts <= 1).
    { rewrite <- (Hone (theta 0) x). apply sum_le. intros y _. assert (P0 := Hpos (theta 0) x y). destruct (Hr x y). assert (reward x y ^2 <= 1) by nra. nra. }
    assert (0 <= m^2) by apply pow2_ge_0. lra. }
  assert (LJ : Gmax ^2 = 2 * (L^2 * J^2)). { rewrite EG. replace ((sqrt 2 * L * J)^2) with (sqrt 2 * sqrt 2 * (L^2 * J^2)) by ring. rewrite sqrt_sqrt by lra. ring. }
  assert (G0 : 0 < Gmax ^2) by (apply pow_lt; assumption). assert (l0 : 0 < L^2 * J^2) by lra.
  set (V := start_variance) in *. assert (P3 : Rpower V (- (1 / 3)) <= / sqrt V).
  { rewrite <- Rpower_sqrt by assumption. rewrite <- Rpower_Ropp. unfold Rpower. assert (ln V <= 0) by (rewrite <- ln_1; destruct (Req_dec V 1) as [-> | n]; [lra | left; apply ln_increasing; lra]).
    destruct (Req_dec (ln V) 0) as [z | nz]; [rewrite z, !Rmult_0_r; lra |]. left. apply exp_increasing. lra. }
  assert (P0 : 0 < Rpower V (- (1 / 3))) by apply exp_pos.
  set (e9 := exp (- (gamma / 9))). assert (e1 : e9 <= 1). { unfold e9. rewrite <- exp_0. destruct (Req_dec gamma 0) as [-> | n]; [right; f_equal; field | left; apply exp_increasing; lra]. }
  assert (e0 : exp (- gamma) <= e9). { unfold e9. destruct (Req_dec gamma 0) as [-> | n]; [right; f_equal; field | left; apply exp_increasing; lra]. }
  assert (Mn := Rmin_l (1 - e9) penalty_share). set (mn := Rmin (1 - e9) penalty_share) in *.
  assert (s0 : 0 < sqrt V) by (apply sqrt_lt_R0; assumption).
  apply Rle_trans with ((1 - e9) / (8 * L^2 * J^2) * / sqrt V).
  - apply Rle_trans with ((1 - e9) / (8 * L^2 * J^2) * Rpower V (- (1 / 3))).
    + apply Rmult_le_compat_r; [lra |]. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; lra | assumption].
    + apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra] | assumption].
  - rewrite LJ. replace ((1 - e9) / (8 * L^2 * J^2) * / sqrt V) with ((1 - e9) / 4 / (2 * (L^2 * J^2) * sqrt V)) by (field; repeat split; try lra; intro z; rewrite z in l0; lra).
    apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra | lra].
Qed.
End Flow.
