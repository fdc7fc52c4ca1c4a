(* Statements on steps and estimators that the ledger refutes, each as the negation of what was claimed: A08, A09, A15, A20, A32, B52. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Calculus Policy Gradients Improvement Clipping GroupUpdate Pools.
Import ListNotations.
Open Scope R_scope.

(* one parameter, success with chance f theta, reward 1 for success *)
Definition success_policy (f : R -> R) (th : unit -> R) (a : bool) := if a then f (th tt) else 1 - f (th tt).
Definition success_score (p slope : R) (a : bool) (_ : unit) := if a then slope / p else - slope / (1 - p).
Definition success (a : bool) := if a then 1 else 0.
Definition origin (_ : unit) := 0.
Lemma success_objective f th : objective [true; false] (success_policy f) success th = f (th tt).
Proof. unfold objective, success_policy, success. cbn [sum_over]. ring. Qed.
Lemma success_differentiable f slope : 0 < f 0 < 1 -> (forall u, is_derive (fun t => f (0 + t * u)) 0 (slope * u)) ->
  differentiable_policy [true; false] [tt] (success_policy f) origin (success_score (f 0) slope) /\ is_gradient [tt] (objective [true; false] (success_policy f) success) origin (fun _ => slope).
Proof.
  intros Hf Hd. split.
  - split; [intros [|] _; unfold success_policy, origin; lra |]. split; [intros th; unfold success_policy; cbn [sum_over]; ring |].
    intros [|] _ u; unfold dot; cbn [sum_over]; unfold success_policy, success_score, move, origin.
    + eapply derive_value; [| apply (Hd (u tt))]. real_equation. field. lra.
    + apply (derive_ext (fun t => 1 + (-1) * f (0 + t * u tt))); [intros; ring |]. eapply derive_value; [| apply (is_derive_plus (fun _ => 1) (fun t => -1 * f (0 + t * u tt))); [apply @is_derive_const | apply (is_derive_scal (fun t => f (0 + t * u tt))); apply (Hd (u tt))]].
      real_equation. unfold plus, zero; simpl. field. lra.
  - intros u. unfold dot. cbn [sum_over]. apply (derive_ext (fun t => f (0 + t * u tt))); [intros; rewrite success_objective; reflexivity |].
    eapply derive_value; [| apply (Hd (u tt))]. real_equation. ring.
Qed.
Definition proper_along {A D : Type} (acts : list A) (pol : (D -> R) -> A -> R) theta u := forall t a, 0 <= t <= 1 -> In a acts -> 0 <= pol (move theta u t) a.

(* A08: chance 1/16 + theta/8 - theta^2/2, L = 1, c = Gamma = 4/15, step 1/4: the expected gain is -91/30720, not 1/1024 *)
Definition parabola (a b c x : R) := a + b * x - c * x ^2.
Theorem one_sample_theorem_fails : ~ (forall (acts : list bool) (dims : list unit) pol theta g r v L eta c,
  differentiable_policy acts dims pol theta g -> is_gradient dims (objective acts pol r) theta v -> 0 < L ->
  (forall a, In a acts -> smooth_along dims (objective acts pol r) theta (sample_step acts pol theta g r eta a) L /\ proper_along acts pol theta (sample_step acts pol theta g r eta a)) ->
  0 < score_second_moment acts dims pol theta g -> c * policy_variance acts pol theta r <= norm2 dims v -> 0 < eta <= c / (4 * L * score_second_moment acts dims pol theta g) ->
  expected_gain acts pol theta g r eta >= eta * c / 4 * policy_variance acts pol theta r).
Proof.
  intros H. set (f := parabola (1 / 16) (1 / 8) (1 / 2)). assert (F0 : f 0 = 1 / 16) by (unfold f, parabola; field).
  destruct (success_differentiable f (1 / 8)) as [Hp Hv]; [rewrite F0; lra | intros u; unfold f, parabola; auto_derive; [trivial | field] |]. rewrite F0 in Hp.
  specialize (H [true; false] [tt] (success_policy f) origin (success_score (1 / 16) (1 / 8)) success (fun _ => 1 / 8) 1 (1 / 4) (4 / 15) Hp Hv ltac:(lra)).
  assert (G : score_second_moment [true; false] [tt] (success_policy f) origin (success_score (1 / 16) (1 / 8)) = 4 / 15) by (unfold score_second_moment, norm2, success_policy, success_score, origin, f, parabola; cbn [sum_over]; field).
  assert (VV : policy_variance [true; false] (success_policy f) origin success = 15 / 256) by (unfold policy_variance; rewrite success_objective; unfold success_policy, success, origin, f, parabola; cbn [sum_over]; field).
  assert (St : forall a, sample_step [true; false] (success_policy f) origin (success_score (1 / 16) (1 / 8)) success (1 / 4) a tt = if a then 15 / 32 else 1 / 480).
  { intros a. unfold sample_step. rewrite success_objective. unfold success, success_score, origin, f, parabola. destruct a; field. }
  rewrite G, VV in H. cut (expected_gain [true; false] (success_policy f) origin (success_score (1 / 16) (1 / 8)) success (1 / 4) = - (91 / 30720)).
  - intros E. rewrite E in H. assert (X : - (91 / 30720) >= 1 / 4 * (4 / 15) / 4 * (15 / 256)); [apply H | lra].
    + intros a _. set (u := sample_step _ _ _ _ _ _ a). split.
      * exists (fun t => 1 / 8 * u tt - t * u tt ^2), (fun _ => - u tt ^2). split; [| split].
        -- intros t _. apply (derive_ext (fun t => f (0 + t * u tt))); [intros; rewrite success_objective; reflexivity |]. unfold f, parabola. auto_derive; [trivial | field].
        -- intros t _. auto_derive; [trivial | ring].
        -- intros t _. unfold norm2. cbn [sum_over]. rewrite Rabs_Ropp, Rabs_pos_eq by apply pow2_ge_0. lra.
      * intros t b Ht _. assert (Hu : 0 <= u tt <= 15 / 32) by (unfold u; rewrite St; destruct a; lra). unfold success_policy, move, origin, f, parabola. assert (0 <= t * u tt <= 15 / 32) by (split; [apply Rmult_le_pos; lra | nra]). destruct b; nra.
    + lra.
    + unfold norm2. cbn [sum_over]. lra.
    + lra.
  - unfold expected_gain. cbn [sum_over]. rewrite !success_objective. unfold move. rewrite !St. unfold success_policy, origin, f, parabola. field.
Qed.

(* A09: chance 1/2 + 3 theta/2 - 2 theta^2, c = 9, L = 4, step c / (4 L) = 9/16: the exact step loses 81/512 *)
Theorem appendix_step_size_fails : ~ (forall (acts : list bool) (dims : list unit) pol theta g r v L eta c,
  differentiable_policy acts dims pol theta g -> is_gradient dims (objective acts pol r) theta v -> 0 < L ->
  smooth_along dims (objective acts pol r) theta (fun k => eta * v k) L -> proper_along acts pol theta (fun k => eta * v k) ->
  c * policy_variance acts pol theta r <= norm2 dims v -> 0 < eta <= c / (4 * L) ->
  objective acts pol r (move theta (fun k => eta * v k) 1) - objective acts pol r theta >= eta * c / 4 * policy_variance acts pol theta r).
Proof.
  intros H. set (f := parabola (1 / 2) (3 / 2) 2). assert (F0 : f 0 = 1 / 2) by (unfold f, parabola; field).
  destruct (success_differentiable f (3 / 2)) as [Hp Hv]; [rewrite F0; lra | intros u; unfold f, parabola; auto_derive; [trivial | field] |]. rewrite F0 in Hp.
  specialize (H [true; false] [tt] (success_policy f) origin (success_score (1 / 2) (3 / 2)) success (fun _ => 3 / 2) 4 (9 / 16) 9 Hp Hv ltac:(lra)).
  assert (VV : policy_variance [true; false] (success_policy f) origin success = 1 / 4) by (unfold policy_variance; rewrite success_objective; unfold success_policy, success, origin, f, parabola; cbn [sum_over]; field).
  rewrite VV, !success_objective in H. unfold move, origin in H. cut (f (0 + 1 * (9 / 16 * (3 / 2))) - f 0 = - (81 / 512)); [| unfold f, parabola; field].
  intros E. rewrite E in H. assert (X : - (81 / 512) >= 9 / 16 * 9 / 4 * (1 / 4)); [apply H | lra].
  - exists (fun t => 3 / 2 * (9 / 16 * (3 / 2)) - 4 * t * (9 / 16 * (3 / 2))^2), (fun _ => - (4 * (9 / 16 * (3 / 2))^2)). split; [| split].
    + intros t _. apply (derive_ext (fun t => f (0 + t * (9 / 16 * (3 / 2))))); [intros; rewrite success_objective; reflexivity |]. unfold f, parabola. auto_derive; [trivial | field].
    + intros t _. auto_derive; [trivial | ring].
    + intros t _. unfold norm2. cbn [sum_over]. rewrite Rabs_Ropp, Rabs_pos_eq; lra.
  - intros t b Ht _. unfold success_policy, move, origin, f, parabola. assert (0 <= t * (9 / 16 * (3 / 2)) <= 27 / 32) by lra. destruct b; nra.
  - unfold norm2. cbn [sum_over]. lra.
  - lra.
Qed.

(* A32: one logit, chance sigmoid (8 theta); L = 64 / (6 sqrt 3) on the whole line; c = 16, step 1/2 <= c / (4 L): the claimed gain is 1/2, which would lift 1/2 to 1 *)
Definition sigmoid x := / (1 + exp (- (8 * x))).
Lemma sigmoid_in x : 0 < sigmoid x < 1.
Proof. unfold sigmoid. assert (E := exp_pos (- (8 * x))). split; [apply Rinv_0_lt_compat; lra |]. rewrite <- Rinv_1. apply Rinv_lt_contravar; lra. Qed.
Lemma sigmoid_derive u t : is_derive (fun t => sigmoid (0 + t * u)) t (8 * u * (sigmoid (0 + t * u) * (1 - sigmoid (0 + t * u)))).
Proof. unfold sigmoid. assert (E := exp_pos (- (8 * (0 + t * u)))). auto_derive; [lra |]. field. lra. Qed.
Lemma curvature_of_sigmoid s : 0 < s < 1 -> Rabs (s * (1 - s) * (1 - 2 * s)) <= / (6 * sqrt 3).
Proof.
  intros Hs. assert (S3 : 0 < sqrt 3) by (apply sqrt_lt_R0; lra). assert (Q3 : sqrt 3 * sqrt 3 = 3) by (apply sqrt_sqrt; lra).
  apply Rsqr_incr_0_var; [| left; apply Rinv_0_lt_compat; lra]. rewrite <- Rsqr_abs. unfold Rsqr. rewrite <- Rinv_mult.
  replace (6 * sqrt 3 * (6 * sqrt 3)) with 108 by (replace (6 * sqrt 3 * (6 * sqrt 3)) with (36 * (sqrt 3 * sqrt 3)) by ring; rewrite Q3; ring).
  set (x := s * (1 - s)). assert (Hx : 0 < x) by (apply Rmult_lt_0_compat; lra).
  replace (x * (1 - 2 * s) * (x * (1 - 2 * s))) with (x ^2 * (1 - 4 * x)) by (unfold x; ring).
  clearbody x. replace (/ 108) with (1 / 108) by field.
  assert (E : 1 / 108 - x ^2 * (1 - 4 * x) = (x - 1 / 6)^2 * (4 * x + 1 / 3)) by field. assert (0 <= (x - 1 / 6)^2 * (4 * x + 1 / 3)) by (apply Rmult_le_pos; [apply pow2_ge_0 | lra]). lra.
Qed.
Theorem appendix_step_size_fails_for_softmax : ~ (forall theta v L eta c, let pol := success_policy sigmoid in let J := objective [true; false] pol success in
  is_gradient [tt] J theta v -> 0 < L -> (forall theta u, smooth_along [tt] J theta u L) ->
  c * policy_variance [true; false] pol theta success <= norm2 [tt] v -> 0 < eta <= c / (4 * L) ->
  J (move theta (fun k => eta * v k) 1) - J theta >= eta * c / 4 * policy_variance [true; false] pol theta success).
Proof.
  intros H. assert (S3 : 0 < sqrt 3) by (apply sqrt_lt_R0; lra). assert (F0 : sigmoid 0 = 1 / 2) by (unfold sigmoid; rewrite Rmult_0_r, Ropp_0, exp_0; field).
  assert (Hv : is_gradient [tt] (objective [true; false] (success_policy sigmoid) success) origin (fun _ => 2)).
  { intros u. unfold dot. cbn [sum_over]. apply (derive_ext (fun t => sigmoid (0 + t * u tt))); [intros; rewrite success_objective; reflexivity |].
    eapply derive_value; [| apply sigmoid_derive]. real_equation. replace (0 + 0 * u tt) with 0 by ring. rewrite F0. field. }
  specialize (H origin (fun _ => 2) (64 / (6 * sqrt 3)) (1 / 2) 16). cbv zeta in H. specialize (H Hv ltac:(apply Rdiv_lt_0_compat; lra)).
  assert (VV : policy_variance [true; false] (success_policy sigmoid) origin success = 1 / 4) by (unfold policy_variance; rewrite success_objective; unfold success_policy, success, origin; cbn [sum_over]; rewrite F0; field).
  rewrite VV, !success_objective in H. unfold origin at 2 in H. rewrite F0 in H. assert (B := sigmoid_in (move origin (fun _ => 1 / 2 * 2) 1 tt)).
  assert (X : sigmoid (move origin (fun _ => 1 / 2 * 2) 1 tt) - 1 / 2 >= 1 / 2 * 16 / 4 * (1 / 4)); [apply H | lra].
  - intros th u. exists (fun t => 8 * u tt * (sigmoid (th tt + t * u tt) * (1 - sigmoid (th tt + t * u tt)))),
      (fun t => 64 * u tt ^2 * (sigmoid (th tt + t * u tt) * (1 - sigmoid (th tt + t * u tt)) * (1 - 2 * sigmoid (th tt + t * u tt)))).
    assert (D : forall t, is_derive (fun t => sigmoid (th tt + t * u tt)) t (8 * u tt * (sigmoid (th tt + t * u tt) * (1 - sigmoid (th tt + t * u tt))))).
    { intros t. unfold sigmoid. assert (E := exp_pos (- (8 * (th tt + t * u tt)))). auto_derive; [lra |]. field. lra. }
    split; [| split].
    + intros t _. apply (derive_ext (fun t => sigmoid (th tt + t * u tt))); [intros; rewrite success_objective; reflexivity | apply D].
    + intros t _. set (s := fun t => sigmoid (th tt + t * u tt)) in *. apply (derive_ext (fun t => 8 * u tt * s t - 8 * u tt * s t ^2)); [intros; unfold s; ring |].
      eapply derive_value; [| apply (is_derive_minus (fun t => 8 * u tt * s t) (fun t => 8 * u tt * s t ^2)); [apply (is_derive_scal s); apply D | apply (is_derive_scal (fun t => s t ^2)); apply (is_derive_pow s 2); apply D]].
      real_equation. unfold minus, plus, opp; simpl. change (sigmoid (th tt + t * u tt)) with (s t). ring.
    + intros t _. unfold norm2. cbn [sum_over]. rewrite Rabs_mult, (Rabs_pos_eq (64 * u tt ^2)) by (apply Rmult_le_pos; [lra | apply pow2_ge_0]).
      assert (C := curvature_of_sigmoid _ (sigmoid_in (th tt + t * u tt))). replace (64 / (6 * sqrt 3) * (u tt ^2 + 0)) with (64 * u tt ^2 * / (6 * sqrt 3)) by (field; lra).
      apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra | apply pow2_ge_0] | exact C].
  - unfold norm2. cbn [sum_over]. lra.
  - split; [lra |]. replace (16 / (4 * (64 / (6 * sqrt 3)))) with (3 * sqrt 3 / 8) by (field; lra).
    assert (4 / 3 <= sqrt 3) by (rewrite <- (sqrt_square (4 / 3)) by lra; apply sqrt_le_1_alt; lra). lra.
Qed.

(* A20: one logit, old policy 1/2, new policy 7/10, rewards (1, 0), baseline 1/2: whatever eps < 2/5, the bias is 21/100 *)
Definition old_half (_ : bool) := 1 / 2.
Definition advantage (a : bool) := if a then 1 / 2 else - (1 / 2).
Definition logit_score (a : bool) (_ : unit) := if a then 3 / 10 else - (7 / 10).
Definition seven_tenths (_ : unit -> R) (a : bool) := if a then 7 / 10 else 3 / 10. (* the new policy at its parameter *)
Theorem clipping_bias_is_not_of_the_order_of_the_range : ~ (exists C, forall eps clipped, 0 < eps < 1 ->
  (forall a, In a [true; false] -> (is_clipped seven_tenths origin old_half advantage (1 - eps) (1 + eps) a /\ clipped a = 1) \/ (~ is_clipped seven_tenths origin old_half advantage (1 - eps) (1 + eps) a /\ clipped a = 0)) ->
  norm [tt] (fun k => mean_update [true; false] seven_tenths origin logit_score old_half advantage k - mean_clipped_update [true; false] seven_tenths origin logit_score old_half advantage clipped k) <= C * eps).
Proof.
  intros [C H]. set (eps := Rmin (3 / 10) (1 / (10 * (Rabs C + 1)))). assert (A := Rabs_pos C). assert (P : 0 < 1 / (10 * (Rabs C + 1))) by (apply Rdiv_lt_0_compat; lra).
  assert (He : 0 < eps <= 3 / 10) by (unfold eps, Rmin; destruct (Rle_dec (3 / 10) (1 / (10 * (Rabs C + 1)))); lra). assert (He2 : eps <= 1 / (10 * (Rabs C + 1))) by apply Rmin_r.
  specialize (H eps (fun _ => 1) ltac:(lra)). assert (X : norm [tt] (fun k => mean_update [true; false] seven_tenths origin logit_score old_half advantage k - mean_clipped_update [true; false] seven_tenths origin logit_score old_half advantage (fun _ => 1) k) = 21 / 100).
  { unfold norm, norm2, mean_update, mean_clipped_update, ratio, seven_tenths, old_half, advantage, logit_score. cbn [sum_over].
    match goal with |- sqrt ?x = _ => replace x with ((21 / 100)^2) by field end. apply sqrt_pow2. lra. }
  rewrite X in H. assert (Y : 21 / 100 <= C * eps).
  { apply H. intros [|] _; left; split; try reflexivity; unfold is_clipped, ratio, seven_tenths, old_half, advantage; [left | right]; lra. }
  assert (C * eps <= Rabs C * (1 / (10 * (Rabs C + 1)))) by (apply Rle_trans with (Rabs C * eps); [apply Rmult_le_compat_r; [lra | apply Rle_abs] | apply Rmult_le_compat_l; assumption]).
  assert (Rabs C * (1 / (10 * (Rabs C + 1))) <= 1 / 10) by (apply Rmult_le_reg_r with (10 * (Rabs C + 1)); [lra |]; unfold Rdiv; rewrite Rmult_1_l, (Rmult_assoc (Rabs C)), Rinv_l by lra; lra). lra.
Qed.

(* A15: pi = (.95, .04, .01), r = (0, -1/30, 1), groups of two: the mean whitened update turns against the gradient *)
Definition population_deviation {A} (r : A -> R) (G : R) (w : list A) := sqrt (sum_over (fun a => (r a - sum_over r w / G)^2) w / G).
Definition whitened_any {A D} (r : A -> R) (g : A -> D -> R) G k (w : list A) := / G * sum_over (fun a => (r a - sum_over r w / G) / population_deviation r G w * g a k) w.
Lemma deviation_of_two (x y : R) : sqrt (((x - (x + (y + 0)) / 2)^2 + ((y - (x + (y + 0)) / 2)^2 + 0)) / 2) = Rabs (x - y) / 2.
Proof.
  replace (((x - (x + (y + 0)) / 2)^2 + ((y - (x + (y + 0)) / 2)^2 + 0)) / 2) with (Rsqr ((x - y) / 2)) by (unfold Rsqr; field).
  rewrite sqrt_Rsqr_abs. unfold Rdiv. rewrite Rabs_mult, (Rabs_pos_eq (/ 2)) by lra. reflexivity.
Qed.
Definition chance3 (i : nat) := match i with O => 95 / 100 | 1%nat => 4 / 100 | _ => 1 / 100 end.
Definition reward3 (i : nat) := match i with O => 0 | 1%nat => - (1 / 30) | _ => 1 end.
Definition score3 (a k : nat) := (if Nat.eqb a k then 1 else 0) - chance3 k. (* e_a - pi *)
Theorem whitened_update_is_biased :
  sum_over (fun k => EK (seq 0 3) chance3 2 (whitened_any reward3 score3 2 k) * Tabular.grad (seq 0 3) chance3 reward3 k) (seq 0 3) = - (17999 / 250000000)
  /\ 0 < norm2 (seq 0 3) (Tabular.grad (seq 0 3) chance3 reward3).
Proof.
  split; [| unfold norm2, Tabular.grad, Tabular.V, chance3, reward3; cbn [seq sum_over]; lra].
  unfold whitened_any, population_deviation. cbn [EK seq sum_over]. rewrite !deviation_of_two. unfold Tabular.grad, Tabular.V, score3, chance3, reward3. cbn [seq sum_over Nat.eqb].
  rewrite ?(Rabs_pos_eq (0 - - (1 / 30))), ?(Rabs_left (- (1 / 30) - 0)), ?(Rabs_left (0 - 1)), ?(Rabs_pos_eq (1 - 0)), ?(Rabs_left (- (1 / 30) - 1)), ?(Rabs_pos_eq (1 - - (1 / 30))) by lra.
  rewrite ?(Rminus_diag_eq 0 0), ?(Rminus_diag_eq (- (1 / 30)) (- (1 / 30))), ?(Rminus_diag_eq 1 1) by reflexivity. rewrite ?Rabs_R0.
  unfold Rdiv. set (i := / (0 * / 2)). field.
Qed.

(* B52: three prompts, a mix of variance-proportional and uniform drawing, pass rates x, y, z inside (0, 1) *)
Definition outcome (x : R) := x * (1 - x).
Definition drawn lam x y z := lam * (outcome x / (outcome x + outcome y + outcome z)) + (1 - lam) / 3. (* chance of the prompt of rate x *)
Definition inside x := 0 < x < 1.
(* mu > 0 and Phi with continuous second derivatives whose differential, times mu, is the expected flow: g1, g2, g3 are the slopes of
   Phi, and by Schwarz their slopes across agree: h12 = h21, h13 = h31, h23 = h32 *)
Definition ascends lam (Phi mu : R -> R -> R -> R) := exists g1 g2 g3 m1 m2 m3 h12 h13 h23 : R -> R -> R -> R,
  forall x y z, inside x -> inside y -> inside z ->
    0 < mu x y z /\ is_derive (fun t => Phi t y z) x (g1 x y z) /\ is_derive (fun t => Phi x t z) y (g2 x y z) /\ is_derive (fun t => Phi x y t) z (g3 x y z)
    /\ drawn lam x y z = mu x y z * g1 x y z /\ drawn lam y x z = mu x y z * g2 x y z /\ drawn lam z x y = mu x y z * g3 x y z
    /\ is_derive (fun t => mu t y z) x (m1 x y z) /\ is_derive (fun t => mu x t z) y (m2 x y z) /\ is_derive (fun t => mu x y t) z (m3 x y z)
    /\ is_derive (fun t => g1 x t z) y (h12 x y z) /\ is_derive (fun t => g2 t y z) x (h12 x y z)
    /\ is_derive (fun t => g1 x y t) z (h13 x y z) /\ is_derive (fun t => g3 t y z) x (h13 x y z)
    /\ is_derive (fun t => g2 x y t) z (h23 x y z) /\ is_derive (fun t => g3 x t z) y (h23 x y z).
Lemma near_inside x (P : R -> Prop) : inside x -> (forall t, inside t -> P t) -> locally x P.
Proof. intros Hx H. apply (filter_imp (fun t => 0 < t /\ t < 1)); [intros t Ht; apply H; exact Ht |]. apply filter_and; [apply (open_gt 0); apply Hx | apply (open_lt 1); apply Hx]. Qed.
(* a product that equals F near x has F's slope there *)
Lemma slope_of_product (F mu g : R -> R) x f m h : locally x (fun t => F t = mu t * g t) -> is_derive F x f -> is_derive mu x m -> is_derive g x h -> f = m * g x + mu x * h.
Proof.
  intros E Df Dm Dg. assert (D : is_derive (fun t => mu t * g t) x (m * g x + mu x * h)) by (apply (is_derive_mult mu g); [exact Dm | exact Dg | intros; apply Rmult_comm]).
  assert (D' : is_derive (fun t => mu t * g t) x f) by (apply (is_derive_ext_loc F); [exact E | exact Df]). rewrite <- (is_derive_unique _ _ _ D), <- (is_derive_unique _ _ _ D'). reflexivity.
Qed.
Theorem mixed_sampling_ascends_nothing lam : 0 < lam < 1 -> ~ (exists Phi mu, ascends lam Phi mu).
Proof.
  intros Hl [Phi [mu [g1 [g2 [g3 [m1 [m2 [m3 [h12 [h13 [h23 H]]]]]]]]]]].
  assert (I1 : inside (1 / 4)) by (unfold inside; lra). assert (I2 : inside (1 / 2)) by (unfold inside; lra). assert (I3 : inside (3 / 4)) by (unfold inside; lra).
  destruct (H _ _ _ I1 I2 I3) as [Hmu [_ [_ [_ [E1 [E2 [E3 [D1 [D2 [D3 [G12 [G21 [G13 [G31 [G23 G32]]]]]]]]]]]]]]].
  set (a := 1 / 4) in *. set (b := 1 / 2) in *. set (c := 3 / 4) in *.
  assert (F12 := slope_of_product (fun t => drawn lam a t c) (fun t => mu a t c) (fun t => g1 a t c) b (- lam * 0) _ _ (near_inside b _ I2 (fun t Ht => proj1 (proj2 (proj2 (proj2 (proj2 (H a t c I1 Ht I3))))))) ltac:(unfold drawn, outcome, a, b, c; auto_derive; [lra | field]) D2 G12).
  assert (F21 := slope_of_product (fun t => drawn lam b t c) (fun t => mu t b c) (fun t => g2 t b c) a (- lam * (8 / 25)) _ _ (near_inside a _ I1 (fun t Ht => proj1 (proj2 (proj2 (proj2 (proj2 (proj2 (H t b c Ht I2 I3)))))))) ltac:(unfold drawn, outcome, a, b, c; auto_derive; [lra | field]) D1 G21).
  assert (F13 := slope_of_product (fun t => drawn lam a b t) (fun t => mu a b t) (fun t => g1 a b t) c (lam * (6 / 25)) _ _ (near_inside c _ I3 (fun t Ht => proj1 (proj2 (proj2 (proj2 (proj2 (H a b t I1 I2 Ht))))))) ltac:(unfold drawn, outcome, a, b, c; auto_derive; [lra | field]) D3 G13).
  assert (F31 := slope_of_product (fun t => drawn lam c t b) (fun t => mu t b c) (fun t => g3 t b c) a (- lam * (6 / 25)) _ _ (near_inside a _ I1 (fun t Ht => proj1 (proj2 (proj2 (proj2 (proj2 (proj2 (proj2 (H t b c Ht I2 I3))))))))) ltac:(unfold drawn, outcome, a, b, c; auto_derive; [lra | field]) D1 G31).
  assert (F23 := slope_of_product (fun t => drawn lam b a t) (fun t => mu a b t) (fun t => g2 a b t) c (lam * (8 / 25)) _ _ (near_inside c _ I3 (fun t Ht => proj1 (proj2 (proj2 (proj2 (proj2 (proj2 (H a b t I1 I2 Ht)))))))) ltac:(unfold drawn, outcome, a, b, c; auto_derive; [lra | field]) D3 G23).
  assert (F32 := slope_of_product (fun t => drawn lam c a t) (fun t => mu a t c) (fun t => g3 a t c) b (- lam * 0) _ _ (near_inside b _ I2 (fun t Ht => proj1 (proj2 (proj2 (proj2 (proj2 (proj2 (proj2 (H a t c I1 Ht I3))))))))) ltac:(unfold drawn, outcome, a, b, c; auto_derive; [lra | field]) D2 G32).
  cbv beta in *. set (M := mu a b c) in *. set (x1 := g1 a b c) in *. set (x2 := g2 a b c) in *. set (x3 := g3 a b c) in *.
  (* F . curl F vanishes for mu grad Phi *)
  assert (Z : drawn lam a b c * ((- lam * 0) - lam * (8 / 25)) + drawn lam b a c * (lam * (6 / 25) - - lam * (6 / 25)) + drawn lam c a b * (- lam * (8 / 25) - - lam * 0) = 0).
  { rewrite E1, E2, E3, F32 at 1. rewrite F23, F13, F31, F21. replace (- lam * 0) with (m2 a b c * x1 + M * h12 a b c) by (symmetry; exact F12). ring. }
  unfold drawn, outcome, a, b, c in Z. field_simplify in Z. nra.
Qed.
