(* A07, A28, A31, A33: the gain of one gradient step of any differentiable policy whose objective has a Hessian of norm at most L
   along the step, the length of the step as in the paper and its appendix. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Calculus Policy Gradients.
Import ListNotations.
Open Scope R_scope.

(* |Hessian F| <= L along the step u: the second derivative of F (theta + t u) is at most L |u|^2 in size, for t in [0, 1] *)
Definition smooth_along {D : Type} (dims : list D) (F : (D -> R) -> R) (theta u : D -> R) (L : R) :=
  exists d1 d2 : R -> R, (forall t, 0 <= t <= 1 -> is_derive (fun t => F (move theta u t)) t (d1 t))
    /\ (forall t, 0 <= t <= 1 -> is_derive d1 t (d2 t)) /\ (forall t, 0 <= t <= 1 -> Rabs (d2 t) <= L * norm2 dims u).
Lemma descent {D : Type} (dims : list D) F (theta u v : D -> R) L : is_gradient dims F theta v -> smooth_along dims F theta u L ->
  dot dims v u - L * norm2 dims u / 2 <= F (move theta u 1) - F theta.
Proof.
  intros Hv [d1 [d2 [H1 [H2 HL]]]].
  assert (E : d1 0 = dot dims v u) by (rewrite <- (is_derive_unique _ _ _ (H1 0 ltac:(lra))), <- (is_derive_unique _ _ _ (Hv u)); reflexivity).
  assert (T := taylor_below (fun t => F (move theta u t)) d1 d2 (L * norm2 dims u) H1 H2). cbv beta in T. rewrite move_0, E in T.
  assert (forall t, 0 <= t <= 1 -> - (L * norm2 dims u) <= d2 t) by (intros t Ht; specialize (HL t Ht); apply Rabs_le_between in HL; lra). specialize (T H). lra.
Qed.
Section Step.
Context {A D : Type} (acts : list A) (dims : list D) (pol : (D -> R) -> A -> R) (theta : D -> R) (g : A -> D -> R) (r : A -> R).
Hypothesis Hpol : differentiable_policy acts dims pol theta g.
Notation J := (objective acts pol r).
Notation p := (pol theta).
Variable v : D -> R. (* grad J at theta *)
Hypothesis Hv : is_gradient dims J theta v.
Variable L : R.
Hypothesis HL : 0 < L.
Definition score_second_moment := sum_over (fun a => pol theta a * norm2 dims (g a)) acts. (* Gamma = E |g|^2 *)
Definition estimator_second_moment := sum_over (fun a => pol theta a * (norm2 dims (g a) * (r a - objective acts pol r theta)^2)) acts. (* M = E |g|^2 (R - E R)^2 *)
Notation Var := (policy_variance acts pol theta r).
Notation Gamma := score_second_moment.
Notation M := estimator_second_moment.
Lemma prob_nonneg a : In a acts -> 0 <= p a.
Proof. destruct Hpol as [H _]. apply H. Qed.
Lemma norm2_nonneg {T : Type} (l : list T) u : 0 <= norm2 l u.
Proof. apply sum_nonneg. intros. apply pow2_ge_0. Qed.
Lemma norm2_scal {T : Type} (l : list T) c u : norm2 l (fun k => c * u k) = c ^2 * norm2 l u.
Proof. unfold norm2. rewrite <- sum_scal. apply sum_ext. intros; ring. Qed.
Lemma variance_nonneg : 0 <= Var.
Proof. apply sum_nonneg. intros a Ha. apply Rmult_le_pos; [apply prob_nonneg; assumption | apply pow2_ge_0]. Qed.
Lemma centred_gradient k : In k dims -> v k = sum_over (fun a => p a * ((r a - J theta) * g a k)) acts.
Proof.
  intros Hk. rewrite (gradient_eq acts dims pol theta g Hpol r v Hv k Hk).
  rewrite (sum_comb [(1, fun a => p a * (g a k * r a)); (- J theta, fun a => p a * g a k)] (fun a => p a * ((r a - J theta) * g a k))); [| intros; cbn [comb]; ring].
  cbn [comb_sum]. rewrite (score_mean_zero acts dims pol theta g Hpol k Hk). ring.
Qed.
Lemma gradient_at_most_score : norm2 dims v <= Gamma * Var.
Proof.
  assert (EG : Gamma = sum_over (fun k => sum_over (fun a => p a * g a k ^2) acts) dims).
  { rewrite sum_swap. unfold score_second_moment, norm2. apply sum_ext. intros a _. symmetry. apply sum_scal. }
  rewrite EG, Rmult_comm. unfold norm2 at 1. rewrite <- sum_scal. apply sum_le. intros k Hk. rewrite (centred_gradient k Hk).
  assert (C := cauchy_schwarz p (fun a => r a - J theta) (fun a => g a k) acts prob_nonneg). cbv beta in C. unfold policy_variance.
  rewrite (sum_ext (fun a => p a * ((r a - J theta) * g a k)) (fun a => p a * (r a - J theta) * g a k)) by (intros; ring). exact C.
Qed.
(* A28: the exact gradient step *)
Theorem exact_step_gain eta c : 0 < Gamma -> c * Var <= norm2 dims v -> smooth_along dims J theta (fun k => eta * v k) L ->
  0 < eta <= c / (4 * L * Gamma) -> J (move theta v eta) - J theta >= 7 / 8 * eta * c * Var.
Proof.
  intros HG Hc Hs [He1 He2]. apply Rle_ge. assert (T := descent dims J theta (fun k => eta * v k) v L Hv Hs).
  assert (Em : move theta (fun k => eta * v k) 1 = move theta v eta) by (unfold move; apply FunctionalExtensionality.functional_extensionality; intros; ring).
  rewrite Em, norm2_scal in T. assert (Ed : dot dims v (fun k => eta * v k) = eta * norm2 dims v) by (unfold dot, norm2; rewrite <- sum_scal; apply sum_ext; intros; ring). rewrite Ed in T.
  assert (HN := norm2_nonneg dims v). assert (HV := variance_nonneg). assert (HGV := gradient_at_most_score).
  set (N := norm2 dims v) in *. set (W := Var) in *. set (Ga := Gamma) in *.
  assert (E4 : eta * (4 * L * Ga) <= c) by (apply Rmult_le_reg_r with (/ (4 * L * Ga)); [apply Rinv_0_lt_compat; nra | rewrite Rmult_assoc, Rinv_r by nra; unfold Rdiv in He2; lra]).
  destruct (Req_dec W 0) as [W0 | W1].
  - rewrite W0, Rmult_0_r in HGV. rewrite W0. assert (N = 0) by lra. rewrite H in T. lra.
  - assert (cG : c <= Ga) by (apply Rmult_le_reg_r with W; lra).
    assert (s : L * eta <= c / (4 * Ga)) by (apply Rmult_le_reg_r with (4 * Ga); [lra |]; unfold Rdiv; rewrite (Rmult_assoc c), Rinv_l by lra; lra).
    assert (q : c / (4 * Ga) <= / 4) by (apply Rmult_le_reg_r with (4 * Ga); [lra |]; unfold Rdiv; rewrite (Rmult_assoc c), Rinv_l by lra; lra).
    assert (F : 7 / 8 <= 1 - L * eta / 2) by lra.
    assert (0 <= (1 - L * eta / 2 - 7 / 8) * (eta * N)) by (apply Rmult_le_pos; [lra | apply Rmult_le_pos; lra]).
    assert (0 <= 7 / 8 * eta * (N - c * W)) by (apply Rmult_le_pos; [lra | lra]). lra.
Qed.
(* A07: the constant of the paper *)
Theorem exact_step_gain_quarter eta c : 0 < Gamma -> c * Var <= norm2 dims v -> smooth_along dims J theta (fun k => eta * v k) L ->
  0 < eta <= c / (4 * L * Gamma) -> J (move theta v eta) - J theta >= eta * c / 4 * Var.
Proof.
  intros HG Hc Hs He. assert (T := exact_step_gain eta c HG Hc Hs He). assert (HV := variance_nonneg). destruct He as [He1 He2].
  assert (0 < c).
  { destruct (Rlt_le_dec 0 c); [assumption | exfalso]. assert (P : 0 < / (4 * L * Gamma)) by (apply Rinv_0_lt_compat; nra). unfold Rdiv in He2. nra. }
  assert (0 <= eta * c * Var) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | assumption]). lra.
Qed.
(* the one-sample estimator G = g_a (r_a - E R), a drawn from the policy *)
Definition sample_step eta a := fun k => eta * ((r a - objective acts pol r theta) * g a k).
Definition expected_gain eta := sum_over (fun a => pol theta a * (objective acts pol r (move theta (sample_step eta a) 1) - objective acts pol r theta)) acts.
Lemma one_sample_descent eta : (forall a, In a acts -> smooth_along dims J theta (sample_step eta a) L) ->
  eta * norm2 dims v - L * eta ^2 * M / 2 <= expected_gain eta.
Proof.
  intros Hs. apply Rle_trans with (sum_over (fun a => p a * (dot dims v (sample_step eta a) - L * norm2 dims (sample_step eta a) / 2)) acts).
  - right. rewrite (sum_comb [(eta, fun a => p a * (r a - J theta) * dot dims v (g a)); (- L * eta ^2 / 2, fun a => p a * (norm2 dims (g a) * (r a - J theta)^2))]).
    + cbn [comb_sum]. fold M.
      assert (E : norm2 dims v = sum_over (fun a => p a * (r a - J theta) * dot dims v (g a)) acts).
      { rewrite (sum_ext _ (fun a => p a * (r a - J theta) * dot dims (g a) v)) by (intros; f_equal; unfold dot; apply sum_ext; intros; ring).
        rewrite <- dot_sum_l. unfold dot, norm2. apply sum_ext. intros k Hk. rewrite (centred_gradient k Hk) at 1 2.
        replace (v k) with (sum_over (fun a => p a * ((r a - J theta) * g a k)) acts) by (symmetry; apply centred_gradient; assumption).
        rewrite (sum_ext (fun a => p a * (r a - J theta) * g a k) (fun a => p a * ((r a - J theta) * g a k))) by (intros; ring). ring. }
      rewrite E. field.
    + intros a _. cbn [comb]. unfold sample_step.
      assert (E1 : dot dims v (fun k => eta * ((r a - J theta) * g a k)) = eta * (r a - J theta) * dot dims v (g a)) by (unfold dot; rewrite <- sum_scal; apply sum_ext; intros; ring).
      assert (E2 : norm2 dims (fun k => eta * ((r a - J theta) * g a k)) = eta ^2 * (r a - J theta)^2 * norm2 dims (g a)) by (unfold norm2; rewrite <- sum_scal; apply sum_ext; intros; ring).
      rewrite E1, E2. field.
  - apply sum_le. intros a Ha. apply Rmult_le_compat_l; [apply prob_nonneg; assumption |]. apply descent; [exact Hv | apply Hs; assumption].
Qed.
(* A31 *)
Theorem one_sample_step_gain eta : 0 < M -> (forall a, In a acts -> smooth_along dims J theta (sample_step eta a) L) ->
  0 < eta <= norm2 dims v / (L * M) -> expected_gain eta >= eta / 2 * norm2 dims v.
Proof.
  intros HM Hs [He1 He2]. apply Rle_ge. assert (T := one_sample_descent eta Hs). set (N := norm2 dims v) in *.
  assert (E : eta * (L * M) <= N) by (apply Rmult_le_reg_r with (/ (L * M)); [apply Rinv_0_lt_compat, Rmult_lt_0_compat; assumption | rewrite Rmult_assoc, Rinv_r by nra; unfold Rdiv in He2; lra]).
  assert (0 <= eta / 2 * (N - eta * (L * M))) by (apply Rmult_le_pos; lra). lra.
Qed.
(* A33 *)
Theorem one_sample_step_gain_appendix eta c Gmax : 0 < c -> (1 <= length dims)%nat -> (forall a, In a acts -> norm dims (g a) <= Gmax) ->
  c * Var <= norm2 dims v -> (forall a, In a acts -> smooth_along dims J theta (sample_step eta a) L) ->
  0 < eta <= c / (2 * L * (c + INR (length dims) * Gmax ^2)) -> expected_gain eta >= 3 / 4 * eta * c * Var.
Proof.
  intros Hc Hd HG HN Hs [He1 He2]. apply Rle_ge. assert (T := one_sample_descent eta Hs). assert (HV := variance_nonneg).
  assert (B0 : 0 <= Gmax ^2) by apply pow2_ge_0. assert (Hd1 : 1 <= INR (length dims)) by (change 1 with (INR 1); apply le_INR; assumption).
  assert (MB : M <= Gmax ^2 * Var).
  { unfold estimator_second_moment, policy_variance. rewrite <- sum_scal. apply sum_le. intros a Ha. assert (P := prob_nonneg a Ha). assert (X := HG a Ha). assert (X0 := norm_nonneg dims (g a)).
    assert (X2 : norm2 dims (g a) <= Gmax ^2) by (rewrite <- norm_square; replace (Gmax ^2) with (Gmax * Gmax) by ring; apply Rmult_le_compat; assumption).
    assert (0 <= (r a - J theta)^2) by apply pow2_ge_0. assert (0 <= p a * (r a - J theta)^2 * (Gmax ^2 - norm2 dims (g a))) by (apply Rmult_le_pos; [apply Rmult_le_pos; assumption | lra]). lra. }
  set (N := norm2 dims v) in *. set (W := Var) in *. set (B := Gmax ^2) in *. set (d := INR (length dims)) in *. set (M_ := M) in *.
  assert (dB : B <= d * B) by (assert (0 <= (d - 1) * B) by (apply Rmult_le_pos; lra); lra). assert (S : 0 < c + d * B) by lra.
  assert (E : eta * (2 * L * (c + d * B)) <= c) by (apply Rmult_le_reg_r with (/ (2 * L * (c + d * B))); [apply Rinv_0_lt_compat; nra | rewrite Rmult_assoc, Rinv_r by nra; unfold Rdiv in He2; lra]).
  assert (P : 0 < L * eta) by (apply Rmult_lt_0_compat; assumption).
  assert (E1 : 2 * (L * eta) * B <= c) by (assert (0 <= (L * eta) * (c + d * B - B)) by (apply Rmult_le_pos; lra); lra).
  assert (0 <= eta * (N - c * W)) by (apply Rmult_le_pos; lra).
  assert (0 <= L * eta * eta / 2 * (B * W - M_)) by (apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra] | lra]).
  assert (0 <= eta / 4 * W * (c - 2 * (L * eta) * B)) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra]). lra.
Qed.
End Step.

(* A28 cannot be improved: one parameter, P(correct) = 3/4 + t - t^2/2 on [0, 1/4], L = 1, Gamma = c = 16/3, step 1/4 *)
Definition sharp_policy (th : unit -> R) (a : bool) := if a then 3 / 4 + th tt - th tt ^2 / 2 else 1 / 4 - th tt + th tt ^2 / 2.
Definition sharp_score (a : bool) (_ : unit) := if a then 4 / 3 else -4.
Definition sharp_reward (a : bool) := if a then 1 else 0.
Definition zero_ (_ : unit) := 0.
Theorem exact_step_gain_is_sharp :
  let acts := [true; false] in let dims := [tt] in let v := fun _ : unit => 1 in let J := objective acts sharp_policy sharp_reward in
  let Var := policy_variance acts sharp_policy zero_ sharp_reward in let Gamma := score_second_moment acts dims sharp_policy zero_ sharp_score in
  differentiable_policy acts dims sharp_policy zero_ sharp_score /\ is_gradient dims J zero_ v
  /\ smooth_along dims J zero_ (fun k => 1 / 4 * v k) 1 /\ Gamma = 16 / 3 /\ 16 / 3 * Var = norm2 dims v /\ 1 / 4 = 16 / 3 / (4 * 1 * Gamma)
  /\ (forall t, 0 <= t <= 1 / 4 -> 16 / 3 * policy_variance acts sharp_policy (fun _ => t) sharp_reward <= (1 - t)^2)
  /\ J (move zero_ v (1 / 4)) - J zero_ = 7 / 8 * (1 / 4) * (16 / 3) * Var.
Proof.
  assert (DJ : forall u t, objective [true; false] sharp_policy sharp_reward (move zero_ u t) = 3 / 4 + t * u tt - (t * u tt)^2 / 2).
  { intros u t. unfold objective, sharp_policy, sharp_reward, move, zero_. cbn [sum_over]. field. }
  cbv zeta. split; [| split; [| split; [| split; [| split; [| split; [| split]]]]]].
  - split; [intros [|] _; unfold sharp_policy, zero_; lra |]. split; [intros th; unfold sharp_policy; cbn [sum_over]; field |].
    intros [|] _ u; unfold sharp_policy, sharp_score, move, zero_, dot; cbn [sum_over]; auto_derive; (trivial || field).
  - intros u. apply (derive_ext (fun t => 3 / 4 + t * u tt - (t * u tt)^2 / 2)); [intros t; rewrite DJ; reflexivity |]. unfold dot. cbn [sum_over]. auto_derive; [trivial | field].
  - exists (fun t => 1 / 4 - t / 16), (fun _ => - (1 / 16)). split; [| split].
    + intros t _. apply (derive_ext (fun t => 3 / 4 + t * (1 / 4 * 1) - (t * (1 / 4 * 1))^2 / 2)); [intros s; rewrite DJ; reflexivity |]. auto_derive; [trivial | field].
    + intros t _. auto_derive; [trivial | field].
    + intros t _. unfold norm2. cbn [sum_over]. rewrite Rabs_Ropp, Rabs_pos_eq; lra.
  - unfold score_second_moment, norm2, sharp_policy, sharp_score, zero_. cbn [sum_over]. field.
  - unfold policy_variance, objective, norm2, sharp_policy, sharp_reward, zero_. cbn [sum_over]. field.
  - unfold score_second_moment, norm2, sharp_policy, sharp_score, zero_. cbn [sum_over]. field.
  - intros t Ht. unfold policy_variance, objective, sharp_policy, sharp_reward. cbn [sum_over].
    replace (16 / 3 * _) with (16 / 3 * ((3 / 4 + t - t ^2 / 2) * (1 / 4 - t + t ^2 / 2))) by field.
    assert (0 <= t * (2 / 3 + t * (5 - 16 / 3 * t + 4 / 3 * t ^2))); [| lra]. nra.
  - rewrite DJ. unfold policy_variance, objective, sharp_policy, sharp_reward, zero_. cbn [sum_over]. field.
Qed.
