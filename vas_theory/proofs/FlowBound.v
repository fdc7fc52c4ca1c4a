(* What a gradient flow does to a variance and to a mean, as needed by B14, B53, L02 and L06 (GradientFlow.v).
   p x y t is the probability of y at prompt x and time t, and moves by p' = p a; R~ = R - beta log(p / p at time 0). *)
Require Import Reals Lra Psatz List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Calculus.
Import ListNotations.
Open Scope R_scope.
(* an equation of Coquelicot's structures, read as one of real numbers *)
Ltac as_reals := unfold minus, plus, opp, zero, scal, mult; cbn; unfold mult; cbn; match goal with |- @eq _ ?x ?y => change (@eq R x y) end.
(* V' <= c V^(3/2) keeps V^(-1/2) above V(0)^(-1/2) - c t / 2; eps > 0 allows V = 0 *)
Lemma variance_comparison V V' c T eps : 0 < eps -> 0 <= c -> (forall t, 0 <= t <= T -> 0 <= V t) -> (forall t, 0 <= t <= T -> is_derive V t (V' t)) ->
  (forall t, 0 <= t <= T -> V' t <= c * V t * sqrt (V t)) -> forall t, 0 <= t <= T -> / sqrt (V 0 + eps) - c * t / 2 <= / sqrt (V t + eps).
Proof.
  intros He Hc HV Hd Hb t Ht.
  assert (B := nondecreasing (fun s => / sqrt (V s + eps) + c * s / 2) (fun s => - V' s / (2 * sqrt (V s + eps) * (V s + eps)) + c / 2) 0 t (proj1 Ht)).
  cbv beta in B. assert (/ sqrt (V 0 + eps) + c * 0 / 2 <= / sqrt (V t + eps) + c * t / 2); [| lra]. apply B; intros s Hs.
  - specialize (HV s ltac:(lra)). assert (s0 : 0 < sqrt (V s + eps)) by (apply sqrt_lt_R0; lra). assert (ss : sqrt (V s + eps) * sqrt (V s + eps) = V s + eps) by (apply sqrt_sqrt; lra).
    apply (is_derive_plus (fun s => / sqrt (V s + eps)) (fun s => c * s / 2)); [| auto_derive; [trivial | field]].
    evar_last.
    + apply (is_derive_inv (fun s => sqrt (V s + eps))); [| lra]. apply (is_derive_sqrt (fun s => V s + eps)); [| lra].
      apply (is_derive_plus V (fun _ => eps)); [apply Hd; lra | apply @is_derive_const].
    + unfold plus, zero; cbn [pow]. rewrite Rmult_1_r, ss. change (- ((V' s + 0) / (2 * sqrt (V s + eps))) / (V s + eps) = - V' s / (2 * sqrt (V s + eps) * (V s + eps))). field. split; lra.
  - specialize (HV s ltac:(lra)). specialize (Hb s ltac:(lra)). assert (s0 : 0 < sqrt (V s + eps)) by (apply sqrt_lt_R0; lra).
    assert (b : V' s <= c * ((V s + eps) * sqrt (V s + eps))).
    { eapply Rle_trans; [exact Hb |]. rewrite Rmult_assoc. apply Rmult_le_compat_l; [assumption |]. apply Rmult_le_compat; [assumption | apply sqrt_pos | lra | apply sqrt_le_1_alt; lra]. }
    assert (d0 : 0 < 2 * sqrt (V s + eps) * (V s + eps)) by (apply Rmult_lt_0_compat; lra).
    apply Rmult_le_reg_r with (2 * sqrt (V s + eps) * (V s + eps)); [assumption |].
    replace ((- V' s / (2 * sqrt (V s + eps) * (V s + eps)) + c / 2) * (2 * sqrt (V s + eps) * (V s + eps))) with (- V' s + c * ((V s + eps) * sqrt (V s + eps))) by (field; split; lra). lra.
Qed.
(* a quantity whose speed is at most c sqrt(V + eps) moves at most -2 log(1 - c t sqrt(V(0) + eps) / 2) *)
Lemma distance_bound V f f' c T eps : 0 < eps -> 0 <= c -> (forall t, 0 <= t <= T -> 0 <= V t) ->
  (forall t, 0 <= t <= T -> / sqrt (V 0 + eps) - c * t / 2 <= / sqrt (V t + eps)) ->
  (forall t, 0 <= t <= T -> is_derive f t (f' t)) -> (forall t, 0 <= t <= T -> f' t <= c * sqrt (V t + eps)) ->
  forall t, 0 <= t <= T -> c * t * sqrt (V 0 + eps) / 2 < 1 -> f t - f 0 <= -2 * ln (1 - c * t * sqrt (V 0 + eps) / 2).
Proof.
  intros He Hc HV Hu Hd Hb t Ht Hl. set (v := sqrt (V 0 + eps)) in *. assert (v0 : 0 < v) by (apply sqrt_lt_R0; specialize (HV 0 ltac:(lra)); lra).
  assert (Lt : forall s, 0 <= s <= t -> 0 < 1 - c * s * v / 2).
  { intros s Hs. assert (c * s * v <= c * t * v) by (apply Rmult_le_compat_r; [lra |]; apply Rmult_le_compat_l; lra). lra. }
  assert (B := nondecreasing (fun s => -2 * ln (1 - c * s * v / 2) - f s) (fun s => c * v / (1 - c * s * v / 2) - f' s) 0 t (proj1 Ht)).
  cbv beta in B. assert (-2 * ln (1 - c * 0 * v / 2) - f 0 <= -2 * ln (1 - c * t * v / 2) - f t).
  - apply B; intros s Hs; specialize (Lt s Hs).
    + apply (is_derive_minus (fun s => -2 * ln (1 - c * s * v / 2)) f); [| apply Hd; lra]. auto_derive; [lra | field; lra].
    + specialize (Hu s ltac:(lra)). specialize (Hb s ltac:(lra)). specialize (HV s ltac:(lra)). assert (w0 : 0 < sqrt (V s + eps)) by (apply sqrt_lt_R0; lra).
      set (w := sqrt (V s + eps)) in *. assert (U : 0 < / v - c * s / 2). { replace (/ v - c * s / 2) with ((1 - c * s * v / 2) / v) by (field; lra). apply Rdiv_lt_0_compat; assumption. }
      assert (W : w <= / (/ v - c * s / 2)) by (rewrite <- (Rinv_inv w); apply Rinv_le_contravar; assumption).
      replace (c * v / (1 - c * s * v / 2)) with (c * / (/ v - c * s / 2)) by (field; repeat split; lra).
      assert (c * w <= c * / (/ v - c * s / 2)) by (apply Rmult_le_compat_l; assumption). lra.
  - replace (1 - c * 0 * v / 2) with 1 in H by field. rewrite ln_1 in H. lra.
Qed.
(* if t is shorter than the bound, so it is for a slightly larger variance *)
Lemma room_below W c t psi : 0 < W -> 0 < c -> 0 <= t -> t < 2 * (1 - exp (- psi)) / (c * sqrt W) ->
  exists eps, 0 < eps /\ c * t * sqrt (W + eps) / 2 < 1 - exp (- psi).
Proof.
  intros HW Hc Ht Lt. set (v := sqrt W) in *. assert (v0 : 0 < v) by (apply sqrt_lt_R0; assumption).
  assert (Lt' : c * t * v / 2 < 1 - exp (- psi)).
  { apply Rmult_lt_compat_r with (r := c * v / 2) in Lt; [| assert (0 < c * v) by (apply Rmult_lt_0_compat; lra); lra]. replace (2 * (1 - exp (- psi)) / (c * v) * (c * v / 2)) with (1 - exp (- psi)) in Lt by (field; split; lra). lra. }
  set (room := 1 - exp (- psi) - c * t * v / 2). assert (room0 : 0 < room) by (unfold room; lra). assert (ct : 0 <= c * t) by (apply Rmult_le_pos; lra).
  set (e := room / (c * t + 1)). assert (e0 : 0 < e) by (unfold e; apply Rdiv_lt_0_compat; lra).
  exists ((v + e)^2 - W). assert (vv : v * v = W) by (apply sqrt_sqrt; lra). split; [rewrite <- vv; nra |].
  replace (W + ((v + e)^2 - W)) with ((v + e)^2) by ring. rewrite sqrt_pow2 by lra.
  assert (c * t * e <= room). { unfold e. replace (c * t * (room / (c * t + 1))) with (room * (c * t / (c * t + 1))) by (field; lra). assert (c * t / (c * t + 1) <= 1) by (apply Rmult_le_reg_r with (c * t + 1); [lra |]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra). nra. }
  unfold room in *. lra.
Qed.
Section Motion.
Context {X Y : Type} (prompts : list X) (acts : list Y) (mu : X -> R) (reward : X -> Y -> R) (beta T : R) (p a : X -> Y -> R -> R).
Hypothesis Hmu : forall x, In x prompts -> 0 <= mu x.
Hypothesis Hbeta : 0 <= beta.
Hypothesis Hp : forall x y t, 0 < p x y t.
Hypothesis H1 : forall x t, sum_over (fun y => p x y t) acts = 1.
Hypothesis Hd : forall x y t, In x prompts -> In y acts -> 0 <= t <= T -> is_derive (p x y) t (p x y t * a x y t).
Definition E x t (f : Y -> R) := sum_over (fun y => p x y t * f y) acts.
Definition adjusted x y t := reward x y - beta * ln (p x y t / p x y 0). (* R~ *)
Definition adjusted_mean x t := E x t (fun y => adjusted x y t).
Definition prompt_variance x t := E x t (fun y => (adjusted x y t - adjusted_mean x t)^2). (* V_x *)
Definition variance t := sum_over (fun x => mu x * prompt_variance x t) prompts. (* V = E_x V_x *)
Definition drift t := sum_over (fun x => mu x * E x t (fun y => (adjusted x y t - adjusted_mean x t) * a x y t)) prompts.
Fixpoint comb_E x t (cs : list (R * (Y -> R))) := match cs with [] => 0 | (c, f) :: l => c * E x t f + comb_E x t l end.
Lemma E_comb x t cs f : (forall y, In y acts -> f y = comb cs y) -> E x t f = comb_E x t cs.
Proof.
  intros H. unfold E. rewrite (sum_ext _ (fun y => p x y t * comb cs y)) by (intros; rewrite H by assumption; reflexivity). clear H.
  induction cs as [|[c h] l IH]; cbn [comb comb_E]; [rewrite (sum_ext _ (fun _ => 0)) by (intros; ring); apply sum_zero |].
  rewrite <- IH. unfold E. rewrite <- sum_scal, <- sum_plus. apply sum_ext. intros. ring.
Qed.
Lemma E_le x t f h : (forall y, In y acts -> f y <= h y) -> E x t f <= E x t h.
Proof. intros H. apply sum_le. intros y Hy. apply Rmult_le_compat_l; [left; apply Hp | apply H; assumption]. Qed.
Lemma E_one x t c : E x t (fun _ => c) = c.
Proof. unfold E. rewrite (sum_comb [(c, fun y => p x y t)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite H1. ring. Qed.
Lemma motion_mean x t : In x prompts -> 0 <= t <= T -> E x t (fun y => a x y t) = 0.
Proof.
  intros Hx Ht. assert (D := sum_derive (p x) (fun y => p x y t * a x y t) acts t (fun y Hy => Hd x y t Hx Hy Ht)).
  unfold E. rewrite <- (is_derive_unique _ _ _ D). rewrite (Derive_ext _ (fun _ => 1)); [apply Derive_const | intros; apply H1].
Qed.
Lemma mean_derive x t (f : Y -> R -> R) f' : In x prompts -> 0 <= t <= T -> (forall y, In y acts -> is_derive (f y) t (f' y)) ->
  is_derive (fun t => E x t (fun y => f y t)) t (E x t (fun y => a x y t * f y t + f' y)).
Proof.
  intros Hx Ht Hf. unfold E. apply (sum_derive (fun y t => p x y t * f y t)). intros y Hy.
  evar_last; [apply (is_derive_mult (p x y) (f y)); [apply Hd; assumption | apply Hf; assumption | intros; apply Rmult_comm] |].
  unfold plus, mult; cbn. ring.
Qed.
Lemma adjusted_derive x y t : In x prompts -> In y acts -> 0 <= t <= T -> is_derive (adjusted x y) t (- beta * a x y t).
Proof.
  intros Hx Hy Ht. unfold adjusted. apply (is_derive_ext (fun t => reward x y - beta * (ln (p x y t) - ln (p x y 0)))).
  { intros s. unfold Rdiv. rewrite ln_mult, ln_Rinv by (try apply Rinv_0_lt_compat; apply Hp). match goal with |- @eq _ ?x ?y => change (@eq R x y) end. ring. }
  assert (P := Hp x y t). evar_last.
  - apply (is_derive_minus (fun _ => reward x y) (fun t => beta * (ln (p x y t) - ln (p x y 0)))); [apply @is_derive_const |].
    apply (is_derive_scal (fun t => ln (p x y t) - ln (p x y 0))). apply (is_derive_minus (fun t => ln (p x y t)) (fun _ => ln (p x y 0))); [| apply @is_derive_const].
    apply (is_derive_comp ln (p x y)); [apply is_derive_ln; assumption | apply Hd; assumption].
  - as_reals. field. lra.
Qed.
Lemma prompt_variance_alt x t : prompt_variance x t = E x t (fun y => adjusted x y t ^2) - adjusted_mean x t ^2.
Proof.
  unfold prompt_variance. rewrite (E_comb x t [(1, fun y => adjusted x y t ^2); (-2 * adjusted_mean x t, fun y => adjusted x y t); (adjusted_mean x t ^2, fun _ => 1)]) by (intros; cbn [comb]; ring).
  cbn [comb_E]. rewrite E_one. change (E x t (fun y => adjusted x y t)) with (adjusted_mean x t). ring.
Qed.
Lemma prompt_variance_derive x t : In x prompts -> 0 <= t <= T -> is_derive (prompt_variance x) t
  (E x t (fun y => a x y t * (adjusted x y t - adjusted_mean x t)^2) - 2 * beta * E x t (fun y => (adjusted x y t - adjusted_mean x t) * a x y t)).
Proof.
  intros Hx Ht. set (m := adjusted_mean x t). apply (is_derive_ext (fun t => E x t (fun y => adjusted x y t ^2) - adjusted_mean x t ^2)); [intros; symmetry; apply prompt_variance_alt |].
  evar_last.
  - apply (is_derive_minus (fun t => E x t (fun y => adjusted x y t ^2)) (fun t => adjusted_mean x t ^2)).
    + apply (mean_derive x t (fun y t => adjusted x y t ^2) (fun y => 2 * (- beta * a x y t) * adjusted x y t)); [assumption | assumption |]. intros y Hy.
      evar_last; [apply (is_derive_pow (adjusted x y) 2); apply adjusted_derive; assumption | cbn; ring].
    + apply (is_derive_pow (adjusted_mean x) 2). apply (mean_derive x t (adjusted x) (fun y => - beta * a x y t)); [assumption | assumption |]. intros y Hy. apply adjusted_derive; assumption.
  - fold m. assert (M0 := motion_mean x t Hx Ht).
    rewrite (E_comb x t [(1, fun y => a x y t * adjusted x y t ^2); (-2 * beta, fun y => a x y t * adjusted x y t)] (fun y => a x y t * adjusted x y t ^2 + 2 * (- beta * a x y t) * adjusted x y t)) by (intros; cbn [comb]; ring).
    rewrite (E_comb x t [(1, fun y => a x y t * adjusted x y t); (- beta, fun y => a x y t)] (fun y => a x y t * adjusted x y t + - beta * a x y t)) by (intros; cbn [comb]; ring).
    rewrite (E_comb x t [(1, fun y => a x y t * adjusted x y t ^2); (-2 * m, fun y => a x y t * adjusted x y t); (m^2, fun y => a x y t)] (fun y => a x y t * (adjusted x y t - m)^2)) by (intros; cbn [comb]; ring).
    rewrite (E_comb x t [(1, fun y => a x y t * adjusted x y t); (- m, fun y => a x y t)] (fun y => (adjusted x y t - m) * a x y t)) by (intros; cbn [comb]; ring).
    cbn [comb_E]. rewrite M0. unfold minus, plus, opp; cbn. ring.
Qed.
Lemma variance_nonneg t : 0 <= variance t.
Proof. apply sum_nonneg. intros x Hx. apply Rmult_le_pos; [auto |]. apply sum_nonneg. intros y _. apply Rmult_le_pos; [left; apply Hp | apply pow2_ge_0]. Qed.
Definition variance_slope t := sum_over (fun x => mu x * E x t (fun y => a x y t * (adjusted x y t - adjusted_mean x t)^2)) prompts - 2 * beta * drift t.
Lemma variance_derive t : 0 <= t <= T -> is_derive variance t (variance_slope t).
Proof.
  intros Ht. evar_last.
  - apply (sum_derive (fun x t => mu x * prompt_variance x t)). intros x Hx. apply (is_derive_scal (prompt_variance x)). apply prompt_variance_derive; assumption.
  - unfold variance_slope, drift. rewrite (sum_comb [(1, fun x => mu x * E x t (fun y => a x y t * (adjusted x y t - adjusted_mean x t)^2)); (-2 * beta, fun x => mu x * E x t (fun y => (adjusted x y t - adjusted_mean x t) * a x y t))]) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. ring.
Qed.
(* a motion of speed at most c sqrt V that does not lower the objective *)
Lemma variance_slope_at_most c t : 0 <= drift t -> (forall x y, In x prompts -> In y acts -> a x y t <= c * sqrt (variance t)) -> variance_slope t <= c * variance t * sqrt (variance t).
Proof.
  intros Hdrift Ha. unfold variance_slope. assert (B : 0 <= 2 * beta * drift t) by (apply Rmult_le_pos; lra).
  assert (sum_over (fun x => mu x * E x t (fun y => a x y t * (adjusted x y t - adjusted_mean x t)^2)) prompts <= c * sqrt (variance t) * variance t); [| lra].
  unfold variance at 2. rewrite <- sum_scal. apply sum_le. intros x Hx.
  replace (c * sqrt (variance t) * (mu x * prompt_variance x t)) with (mu x * (c * sqrt (variance t) * prompt_variance x t)) by ring. apply Rmult_le_compat_l; [auto |].
  unfold prompt_variance, E. rewrite <- sum_scal. apply sum_le. intros y Hy.
  replace (c * sqrt (variance t) * (p x y t * (adjusted x y t - adjusted_mean x t)^2)) with (p x y t * (c * sqrt (variance t) * (adjusted x y t - adjusted_mean x t)^2)) by ring.
  apply Rmult_le_compat_l; [left; apply Hp |]. apply Rmult_le_compat_r; [apply pow2_ge_0 | apply Ha; assumption].
Qed.
(* E_x E |R~ - m| <= sqrt V *)
Lemma mean_deviation_at_most t : sum_over mu prompts = 1 -> sum_over (fun x => mu x * E x t (fun y => Rabs (adjusted x y t - adjusted_mean x t))) prompts <= sqrt (variance t).
Proof.
  intros S1. apply Rsqr_incr_0_var; [| apply sqrt_pos]. rewrite Rsqr_sqrt, Rsqr_pow2 by apply variance_nonneg.
  assert (C := cauchy_schwarz mu (fun _ => 1) (fun x => E x t (fun y => Rabs (adjusted x y t - adjusted_mean x t))) prompts Hmu). cbv beta in C.
  rewrite (sum_ext (fun x => mu x * 1 * E x t (fun y => Rabs (adjusted x y t - adjusted_mean x t))) (fun x => mu x * E x t (fun y => Rabs (adjusted x y t - adjusted_mean x t)))) in C by (intros; ring).
  rewrite (sum_ext (fun x => mu x * 1 ^2) mu) in C by (intros; ring). rewrite S1, Rmult_1_l in C. eapply Rle_trans; [exact C |].
  apply sum_le. intros x Hx. apply Rmult_le_compat_l; [auto |].
  assert (D := cauchy_schwarz (fun y => p x y t) (fun _ => 1) (fun y => Rabs (adjusted x y t - adjusted_mean x t)) acts (fun y _ => Rlt_le _ _ (Hp x y t))). cbv beta in D.
  rewrite (sum_ext (fun y => p x y t * 1 * Rabs (adjusted x y t - adjusted_mean x t)) (fun y => p x y t * Rabs (adjusted x y t - adjusted_mean x t))) in D by (intros; ring).
  rewrite (sum_ext (fun y => p x y t * 1 ^2) (fun y => p x y t)) in D by (intros; ring). rewrite H1, Rmult_1_l in D.
  rewrite (sum_ext (fun y => p x y t * Rabs (adjusted x y t - adjusted_mean x t) ^2) (fun y => p x y t * (adjusted x y t - adjusted_mean x t)^2)) in D by (intros; rewrite pow2_abs; reflexivity).
  exact D.
Qed.
(* a second reward, the target, averaged over prompts with weights om *)
Context (om : X -> R) (target : X -> Y -> R).
Hypothesis Hom : forall x, In x prompts -> 0 <= om x.
Hypothesis Hom1 : sum_over om prompts = 1.
Hypothesis Htarget : forall x y, -1 <= target x y <= 1.
Definition target_mean t := sum_over (fun x => om x * E x t (target x)) prompts. (* m *)
Definition target_slope t := sum_over (fun x => om x * E x t (fun y => a x y t * target x y)) prompts.
Lemma target_derive t : 0 <= t <= T -> is_derive target_mean t (target_slope t).
Proof.
  intros Ht. apply (sum_derive (fun x t => om x * E x t (target x))). intros x Hx. apply (is_derive_scal (fun t => E x t (target x))).
  evar_last; [apply (mean_derive x t (fun y _ => target x y) (fun _ => 0)); [assumption | assumption | intros; apply @is_derive_const] |].
  apply sum_ext. intros. ring.
Qed.
Lemma E_range x t : -1 <= E x t (target x) <= 1.
Proof.
  split; [rewrite <- (E_one x t (-1)) | rewrite <- (E_one x t 1)]; apply E_le; intros y _; destruct (Htarget x y); lra.
Qed.
Lemma target_range t : -1 <= target_mean t <= 1.
Proof.
  unfold target_mean. split.
  - apply Rle_trans with (sum_over (fun x => -1 * om x) prompts); [rewrite sum_scal, Hom1; lra |]. apply sum_le. intros x Hx. destruct (E_range x t). specialize (Hom x Hx). nra.
  - apply Rle_trans with (sum_over (fun x => 1 * om x) prompts); [| rewrite sum_scal, Hom1; lra]. apply sum_le. intros x Hx. destruct (E_range x t). specialize (Hom x Hx). nra.
Qed.
(* |m'| <= s sqrt(1 - m^2) for a motion of speed at most s *)
Lemma target_slope_at_most s t : 0 <= t <= T -> 0 <= s -> (forall x y, In x prompts -> In y acts -> Rabs (a x y t) <= s) -> target_slope t <= s * sqrt (1 - target_mean t ^2).
Proof.
  intros Ht Hs Ha. set (d := fun x y => target x y - E x t (target x)).
  assert (Centre : target_slope t = sum_over (fun x => om x * E x t (fun y => a x y t * d x y)) prompts).
  { apply sum_ext. intros x Hx. f_equal. rewrite (E_comb x t [(1, fun y => a x y t * d x y); (E x t (target x), fun y => a x y t)]) by (intros; unfold d; cbn [comb]; ring).
    cbn [comb_E]. rewrite motion_mean by assumption. ring. }
  rewrite Centre. apply Rle_trans with (s * sum_over (fun x => om x * E x t (fun y => Rabs (d x y))) prompts).
  { rewrite <- sum_scal. apply sum_le. intros x Hx. replace (s * (om x * E x t (fun y => Rabs (d x y)))) with (om x * (s * E x t (fun y => Rabs (d x y)))) by ring.
    apply Rmult_le_compat_l; [auto |]. unfold E. rewrite <- sum_scal. apply sum_le. intros y Hy.
    replace (s * (p x y t * Rabs (d x y))) with (p x y t * (s * Rabs (d x y))) by ring. apply Rmult_le_compat_l; [left; apply Hp |].
    eapply Rle_trans; [apply Rle_abs |]. rewrite Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos | apply Ha; assumption]. }
  apply Rmult_le_compat_l; [assumption |]. destruct (target_range t) as [m1 m2]. assert (M0 : 0 <= 1 - target_mean t ^2) by nra.
  apply Rsqr_incr_0_var; [| apply sqrt_pos]. rewrite Rsqr_sqrt, Rsqr_pow2 by assumption.
  assert (C := cauchy_schwarz om (fun _ => 1) (fun x => E x t (fun y => Rabs (d x y))) prompts Hom). cbv beta in C.
  rewrite (sum_ext (fun x => om x * 1 * E x t (fun y => Rabs (d x y))) (fun x => om x * E x t (fun y => Rabs (d x y)))) in C by (intros; ring).
  rewrite (sum_ext (fun x => om x * 1 ^2) om) in C by (intros; ring). rewrite Hom1, Rmult_1_l in C. eapply Rle_trans; [exact C |].
  assert (J : target_mean t ^2 <= sum_over (fun x => om x * E x t (target x) ^2) prompts).
  { assert (B := cauchy_schwarz om (fun _ => 1) (fun x => E x t (target x)) prompts Hom). cbv beta in B.
    rewrite (sum_ext (fun x => om x * 1 * E x t (target x)) (fun x => om x * E x t (target x))) in B by (intros; ring).
    rewrite (sum_ext (fun x => om x * 1 ^2) om) in B by (intros; ring). rewrite Hom1, Rmult_1_l in B. exact B. }
  apply Rle_trans with (sum_over (fun x => om x * (1 - E x t (target x) ^2)) prompts).
  - apply sum_le. intros x Hx. apply Rmult_le_compat_l; [auto |].
    assert (D := cauchy_schwarz (fun y => p x y t) (fun _ => 1) (fun y => Rabs (d x y)) acts (fun y _ => Rlt_le _ _ (Hp x y t))). cbv beta in D.
    rewrite (sum_ext (fun y => p x y t * 1 * Rabs (d x y)) (fun y => p x y t * Rabs (d x y))) in D by (intros; ring).
    rewrite (sum_ext (fun y => p x y t * 1 ^2) (fun y => p x y t)) in D by (intros; ring). rewrite H1, Rmult_1_l in D. eapply Rle_trans; [exact D |].
    fold (E x t (fun y => Rabs (d x y) ^2)).
    assert (Q : E x t (fun y => Rabs (d x y) ^2) = E x t (fun y => target x y ^2) - E x t (target x) ^2).
    { rewrite (E_comb x t [(1, fun y => target x y ^2); (-2 * E x t (target x), target x); (E x t (target x) ^2, fun _ => 1)]) by (intros; rewrite pow2_abs; unfold d; cbn [comb]; ring).
      cbn [comb_E]. rewrite E_one. change (E x t (fun y => target x y)) with (E x t (target x)). ring. }
    rewrite Q. assert (E x t (fun y => target x y ^2) <= 1); [| lra]. rewrite <- (E_one x t 1). apply E_le. intros y _. destruct (Htarget x y). nra.
  - rewrite (sum_comb [(1, om); (-1, fun x => om x * E x t (target x) ^2)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite Hom1. lra.
Qed.
(* B53's bound, from the speed c sqrt V; the start has variance V(0) *)
Lemma time_bound c t gamma : 0 <= t <= T -> 0 < c -> 0 < variance 0 -> 0 <= gamma <= 2 -> (forall s, 0 <= s <= T -> 0 <= drift s) ->
  (forall s x y, 0 <= s <= T -> In x prompts -> In y acts -> Rabs (a x y s) <= c * sqrt (variance s)) ->
  target_mean 0 + gamma <= target_mean t -> 2 * (1 - exp (- asin (gamma / 2))) / (c * sqrt (variance 0)) <= t.
Proof.
  intros Ht Hc HV Hg Hdrift Ha Hrise. set (psi := asin (gamma / 2)). assert (Sp : sin psi = gamma / 2) by (apply sin_asin; lra). assert (Bp := asin_bound (gamma / 2)). fold psi in Bp.
  destruct (Rle_lt_dec (2 * (1 - exp (- psi)) / (c * sqrt (variance 0))) t) as [| Lt]; [assumption | exfalso].
  destruct (room_below (variance 0) c t psi HV Hc (proj1 Ht) Lt) as (eps & eps0 & Lt2). set (v := sqrt (variance 0 + eps)) in *. assert (v0 : 0 <= v) by apply sqrt_pos.
  assert (ct : 0 <= c * t) by (apply Rmult_le_pos; lra).
  assert (Ep := exp_pos (- psi)). set (L := -2 * ln (1 - c * t * v / 2)).
  assert (Lp : L / 2 < psi).
  { unfold L. replace (-2 * ln (1 - c * t * v / 2) / 2) with (- ln (1 - c * t * v / 2)) by field. assert (ln (exp (- psi)) < ln (1 - c * t * v / 2)) by (apply ln_increasing; lra). rewrite ln_exp in H. lra. }
  assert (L0 : 0 <= L). { unfold L. assert (ln (1 - c * t * v / 2) <= 0); [| lra]. rewrite <- ln_1. assert (0 <= c * t * v) by (apply Rmult_le_pos; lra). destruct (Req_dec (c * t * v) 0) as [z | nz]; [rewrite z; replace (1 - 0 / 2) with 1 by field; lra |]. left. apply ln_increasing; lra. }
  assert (SL : sin (L / 2) < gamma / 2) by (rewrite <- Sp; apply sin_increasing_1; lra). assert (SL0 : 0 <= sin (L / 2)) by (apply sin_ge_0; lra).
  (* room for the factor k < 1 that keeps k m inside (-1, 1) *)
  set (k := (sin (L / 2) + gamma / 2) / gamma). assert (gp : 0 < gamma) by lra. assert (k0 : 0 < k) by (unfold k; apply Rdiv_lt_0_compat; lra).
  assert (kg : k * gamma / 2 = (sin (L / 2) + gamma / 2) / 2) by (unfold k; field; lra). assert (k1 : k < 1) by (apply Rmult_lt_reg_r with (gamma / 2); lra).
  assert (Range : forall s, -1 < k * target_mean s < 1) by (intros s; destruct (target_range s); split; nra).
  assert (VC := variance_comparison variance variance_slope c T eps eps0 (Rlt_le _ _ Hc) (fun s _ => variance_nonneg s) variance_derive).
  assert (VC' := VC (fun s Hs => variance_slope_at_most c s (Hdrift s Hs) (fun x y Hx Hy => Rle_trans _ _ _ (Rle_abs _) (Ha s x y Hs Hx Hy)))). clear VC.
  assert (DB := distance_bound variance (fun s => asin (k * target_mean s)) (fun s => k * target_slope s / sqrt (1 - (k * target_mean s)²)) c T eps eps0 (Rlt_le _ _ Hc) (fun s _ => variance_nonneg s) VC').
  assert (A : asin (k * target_mean t) - asin (k * target_mean 0) <= L).
  { unfold L. apply DB; [| | assumption | fold v; lra].
    - intros s Hs. evar_last.
      + apply (is_derive_comp asin (fun s => k * target_mean s)); [| apply (is_derive_scal target_mean); apply target_derive; assumption].
        apply is_derive_Reals. exact (derive_pt_eq_1 _ _ _ _ (derive_pt_asin (k * target_mean s) (Range s))).
      + unfold scal; cbn; unfold mult; cbn. field. apply Rgt_not_eq, sqrt_lt_R0. unfold Rsqr. specialize (Range s). nra.
    - intros s Hs. assert (TS := target_slope_at_most (c * sqrt (variance s)) s Hs ltac:(apply Rmult_le_pos; [lra | apply sqrt_pos]) (fun x y Hx Hy => Ha s x y Hs Hx Hy)).
      assert (Rs := Range s). assert (q0 : 0 < 1 - (k * target_mean s)²) by (unfold Rsqr; nra). assert (w0 := sqrt_lt_R0 _ q0).
      apply Rmult_le_reg_r with (sqrt (1 - (k * target_mean s)²)); [assumption |].
      replace (k * target_slope s / sqrt (1 - (k * target_mean s)²) * sqrt (1 - (k * target_mean s)²)) with (k * target_slope s) by (field; lra).
      assert (sq : k * sqrt (1 - target_mean s ^2) <= sqrt (1 - (k * target_mean s)²)).
      { destruct (target_range s). assert (0 <= 1 - target_mean s ^2) by nra. apply Rsqr_incr_0_var; [| apply sqrt_pos]. rewrite Rsqr_mult, !Rsqr_sqrt by lra. unfold Rsqr. nra. }
      assert (sv : sqrt (variance s) <= sqrt (variance s + eps)) by (apply sqrt_le_1_alt; lra). assert (sv0 := sqrt_pos (variance s)).
      apply Rle_trans with (k * (c * sqrt (variance s) * sqrt (1 - target_mean s ^2))); [apply Rmult_le_compat_l; lra |].
      replace (k * (c * sqrt (variance s) * sqrt (1 - target_mean s ^2))) with (c * sqrt (variance s) * (k * sqrt (1 - target_mean s ^2))) by ring.
      apply Rmult_le_compat; [apply Rmult_le_pos; lra | apply Rmult_le_pos; [lra | apply sqrt_pos] | apply Rmult_le_compat_l; lra | assumption]. }
  set (al := asin (k * target_mean t)) in *. set (bt := asin (k * target_mean 0)) in *.
  assert (Sa : sin al = k * target_mean t) by (apply sin_asin; destruct (Range t); lra). assert (Sb : sin bt = k * target_mean 0) by (apply sin_asin; destruct (Range 0); lra).
  assert (Ba := asin_bound (k * target_mean t)). fold al in Ba. assert (Bb := asin_bound (k * target_mean 0)). fold bt in Bb.
  assert (Diff : sin al - sin bt = 2 * (cos ((al + bt) / 2) * sin ((al - bt) / 2))) by (rewrite form4; ring).
  assert (Half : sin ((al - bt) / 2) <= sin (L / 2)).
  { destruct (Req_dec ((al - bt) / 2) (L / 2)) as [-> | ne]; [lra |]. left. apply sin_increasing_1; lra. }
  assert (Cs : 0 <= cos ((al + bt) / 2) <= 1) by (split; [apply cos_ge_0; lra | apply COS_bound]).
  assert (cos ((al + bt) / 2) * sin ((al - bt) / 2) <= sin (L / 2)).
  { destruct (Rle_lt_dec 0 (sin ((al - bt) / 2))); nra. }
  assert (Gk : k * gamma <= sin al - sin bt) by (rewrite Sa, Sb; nra). lra.
Qed.
(* the same when the target moves at the speed c sqrt V at most, as for a tabular policy *)
Lemma time_bound_linear c t gamma : 0 <= t <= T -> 0 < c -> 0 < variance 0 -> (forall s, 0 <= s <= T -> 0 <= drift s) ->
  (forall s x y, 0 <= s <= T -> In x prompts -> In y acts -> Rabs (a x y s) <= c * sqrt (variance s)) -> (forall s, 0 <= s <= T -> target_slope s <= c * sqrt (variance s)) ->
  target_mean 0 + gamma <= target_mean t -> 2 * (1 - exp (- (gamma / 2))) / (c * sqrt (variance 0)) <= t.
Proof.
  intros Ht Hc HV Hdrift Ha Hm Hrise. destruct (Rle_lt_dec (2 * (1 - exp (- (gamma / 2))) / (c * sqrt (variance 0))) t) as [| Lt]; [assumption | exfalso].
  destruct (room_below (variance 0) c t (gamma / 2) HV Hc (proj1 Ht) Lt) as (eps & eps0 & Lt2). assert (Ep := exp_pos (- (gamma / 2))).
  assert (VC := variance_comparison variance variance_slope c T eps eps0 (Rlt_le _ _ Hc) (fun s _ => variance_nonneg s) variance_derive
    (fun s Hs => variance_slope_at_most c s (Hdrift s Hs) (fun x y Hx Hy => Rle_trans _ _ _ (Rle_abs _) (Ha s x y Hs Hx Hy)))).
  assert (DB := distance_bound variance target_mean target_slope c T eps eps0 (Rlt_le _ _ Hc) (fun s _ => variance_nonneg s) VC target_derive).
  assert (D : target_mean t - target_mean 0 <= -2 * ln (1 - c * t * sqrt (variance 0 + eps) / 2)).
  { apply DB; [| assumption | lra]. intros s Hs. eapply Rle_trans; [apply Hm; assumption |]. apply Rmult_le_compat_l; [lra |]. apply sqrt_le_1_alt. lra. }
  assert (ln (exp (- (gamma / 2))) < ln (1 - c * t * sqrt (variance 0 + eps) / 2)) by (apply ln_increasing; lra). rewrite ln_exp in H. lra.
Qed.
End Motion.
