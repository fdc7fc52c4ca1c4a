(* C07: a step that adds eta u to the logits multiplies the odds of success by at least e^(eta gap - eta^2 D^2 / 8), where
   gap = E[u | right] - E[u | wrong] and D is the width of u over the wrong answers; so it helps below eta = 8 gap / D^2. *)
Require Import Reals Lra Psatz List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Calculus TiltStep RegularisedOptimum.
Import ListNotations.
Open Scope R_scope.

Definition odds x := x / (1 - x).
Lemma exp_tangent m x : exp m * (1 + (x - m)) <= exp x.
Proof.
  replace (exp x) with (exp m * exp (x - m)) by (rewrite <- exp_plus; f_equal; ring). apply Rmult_le_compat_l; [left; apply exp_pos | apply exp_ineq1_le].
Qed.
Lemma exp_chord y h : 0 <= y <= 1 -> exp (y * h) <= 1 - y + y * exp h.
Proof.
  intros Hy. assert (A := exp_tangent (y * h) 0). assert (B := exp_tangent (y * h) h). rewrite exp_0 in A.
  assert (A' := Rmult_le_compat_l (1 - y) _ _ ltac:(lra) A). assert (B' := Rmult_le_compat_l y _ _ ltac:(lra) B).
  replace (exp (y * h)) with ((1 - y) * (exp (y * h) * (1 + (0 - y * h))) + y * (exp (y * h) * (1 + (h - y * h)))) by ring. lra.
Qed.

Section Step.
Context {A : Type} (arms : list A) (p r u : A -> R).
Hypothesis Hp : forall a, In a arms -> 0 <= p a.
Hypothesis H1 : sum_over p arms = 1.
Hypothesis Hr : forall a, In a arms -> r a = 0 \/ r a = 1.
Definition pass_rate_after eta := V arms (tilt arms p u eta) r. (* the logits moved by eta u *)
Definition right_mean := sum_over (fun a => p a * r a * u a) arms / V arms p r.
Definition wrong_mean := sum_over (fun a => p a * (1 - r a) * u a) arms / (1 - V arms p r).
Definition gradient_gap := right_mean - wrong_mean. (* E[u | 1] - E[u | 0] *)
Let P := V arms p r.
Hypothesis HP : 0 < P < 1.
Let right eta := sum_over (fun a => p a * r a * exp (eta * u a)) arms.
Let wrong eta := sum_over (fun a => p a * (1 - r a) * exp (eta * u a)) arms.
Lemma wrong_share : sum_over (fun a => p a * (1 - r a)) arms = 1 - P.
Proof. rewrite (sum_comb [(1, p); (-1, fun a => p a * r a)]); [cbn [comb_sum]; rewrite H1; fold (V arms p r); fold P; ring | intros; cbn [comb]; ring]. Qed.
Lemma right_at_least eta : P * exp (eta * right_mean) <= right eta.
Proof.
  apply Rle_trans with (sum_over (fun a => p a * r a * (exp (eta * right_mean) * (1 + (eta * u a - eta * right_mean)))) arms).
  - right. rewrite (sum_comb [(exp (eta * right_mean) * (1 - eta * right_mean), fun a => p a * r a); (exp (eta * right_mean) * eta, fun a => p a * r a * u a)]) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. fold (V arms p r). fold P. assert (E : sum_over (fun a => p a * r a * u a) arms = P * right_mean) by (unfold right_mean; fold P; field; lra). rewrite E. ring.
  - apply sum_le. intros a Ha. apply Rmult_le_compat_l; [specialize (Hp a Ha); destruct (Hr a Ha) as [-> | ->]; lra | apply exp_tangent].
Qed.
Lemma wrong_at_most eta low width : 0 <= eta -> 0 <= width -> (forall a, In a arms -> r a = 0 -> low <= u a <= low + width) ->
  wrong eta <= (1 - P) * exp (eta * wrong_mean + (eta * width)^2 / 8).
Proof.
  intros He Hw0 Hu. destruct (Req_dec width 0) as [Z | n].
  { assert (Eu : forall a, In a arms -> p a * (1 - r a) * u a = p a * (1 - r a) * low) by (intros a Ha; destruct (Hr a Ha) as [e | e]; rewrite e; [specialize (Hu a Ha e); replace (u a) with low by lra |]; ring).
    assert (M : wrong_mean = low).
    { unfold wrong_mean. rewrite (sum_ext _ _ _ Eu). rewrite (sum_comb [(low, fun a => p a * (1 - r a))]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite wrong_share. fold P. field. lra. }
    unfold wrong. rewrite (sum_comb [(exp (eta * low), fun a => p a * (1 - r a))]).
    - cbn [comb_sum]. rewrite wrong_share, M, Z. replace (eta * low + (eta * 0)^2 / 8) with (eta * low) by field. lra.
    - intros a Ha. cbn [comb]. destruct (Hr a Ha) as [e | e]; rewrite e; [specialize (Hu a Ha e); replace (u a) with low by lra |]; ring. }
  assert (Hw : 0 < width) by lra. clear Hw0 n. set (t := (wrong_mean - low) / width).
  assert (W : sum_over (fun a => p a * (1 - r a) * u a) arms = (1 - P) * wrong_mean) by (unfold wrong_mean; fold P; field; lra).
  assert (Bound : forall c, (forall a, In a arms -> r a = 0 -> 0 <= c * (u a - low)) -> 0 <= c * ((1 - P) * (wrong_mean - low))).
  { intros c Hc. replace (c * ((1 - P) * (wrong_mean - low))) with (sum_over (fun a => p a * (1 - r a) * (c * (u a - low))) arms).
    - apply sum_nonneg. intros a Ha. specialize (Hp a Ha). destruct (Hr a Ha) as [e | e]; rewrite e; [apply Rmult_le_pos; [lra | auto] | right; ring].
    - rewrite (sum_comb [(c, fun a => p a * (1 - r a) * u a); (- c * low, fun a => p a * (1 - r a))]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite W, wrong_share. ring. }
  assert (Ht : 0 <= t <= 1).
  { assert (L : 0 <= wrong_mean - low).
    { assert (B := Bound 1 ltac:(intros a Ha e; specialize (Hu a Ha e); lra)). apply Rmult_le_reg_l with (1 - P); lra. }
    assert (U : wrong_mean - low <= width).
    { replace width with (1 * width) by ring. apply Rmult_le_reg_l with (1 - P); [lra |]. replace ((1 - P) * (wrong_mean - low)) with (sum_over (fun a => p a * (1 - r a) * (u a - low)) arms).
      - rewrite <- wrong_share. rewrite Rmult_1_l, Rmult_comm, <- sum_scal. apply sum_le. intros a Ha. specialize (Hp a Ha). destruct (Hr a Ha) as [e | e]; rewrite e; [specialize (Hu a Ha e); assert (p a * (u a - low) <= p a * width) by (apply Rmult_le_compat_l; lra); lra | lra].
      - rewrite (sum_comb [(1, fun a => p a * (1 - r a) * u a); (- low, fun a => p a * (1 - r a))]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite W, wrong_share. ring. }
    unfold t. split; [apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra] |]. apply Rmult_le_reg_r with width; [lra |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  set (h := eta * width). assert (Hh : 0 <= h) by (apply Rmult_le_pos; lra).
  apply Rle_trans with (sum_over (fun a => p a * (1 - r a) * (exp (eta * low) * (1 - (u a - low) / width + (u a - low) / width * exp h))) arms).
  - apply sum_le. intros a Ha. specialize (Hp a Ha). destruct (Hr a Ha) as [e | e]; rewrite e; [| lra]. apply Rmult_le_compat_l; [lra |]. specialize (Hu a Ha e).
    replace (eta * u a) with (eta * low + (u a - low) / width * h) by (unfold h; field; lra). rewrite exp_plus. apply Rmult_le_compat_l; [left; apply exp_pos |]. apply exp_chord.
    split; [apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra] |]. apply Rmult_le_reg_r with width; [lra |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
  - rewrite (sum_comb [(exp (eta * low) * (1 + low / width - low / width * exp h), fun a => p a * (1 - r a)); (exp (eta * low) * ((exp h - 1) / width), fun a => p a * (1 - r a) * u a)]) by (intros; cbn [comb]; field; lra).
    cbn [comb_sum]. rewrite W, wrong_share.
    replace (exp (eta * low) * (1 + low / width - low / width * exp h) * (1 - P) + (exp (eta * low) * ((exp h - 1) / width) * ((1 - P) * wrong_mean) + 0)) with ((1 - P) * (exp (eta * low) * mixture t h)) by (unfold mixture, t; field; lra).
    apply Rmult_le_compat_l; [lra |]. assert (M := mixture_positive t Ht h). assert (C := cumulant_at_most t Ht h Hh). unfold cumulant in C.
    rewrite <- (exp_ln (mixture t h)) by assumption. rewrite <- exp_plus. destruct (Req_dec (eta * low + ln (mixture t h)) (eta * wrong_mean + h ^2 / 8)) as [-> | ne]; [lra |].
    left. apply exp_increasing. assert (T : t * h = eta * (wrong_mean - low)) by (unfold t, h; field; lra). lra.
Qed.
Lemma right_positive eta : 0 < right eta.
Proof. apply Rlt_le_trans with (P * exp (eta * right_mean)); [apply Rmult_lt_0_compat; [lra | apply exp_pos] | apply right_at_least]. Qed.
Lemma wrong_positive eta : 0 < wrong eta.
Proof.
  apply Rlt_le_trans with ((1 - P) * exp (eta * wrong_mean)); [apply Rmult_lt_0_compat; [lra | apply exp_pos] |].
  assert (W : sum_over (fun a => p a * (1 - r a) * u a) arms = (1 - P) * wrong_mean) by (unfold wrong_mean; fold P; field; lra).
  apply Rle_trans with (sum_over (fun a => p a * (1 - r a) * (exp (eta * wrong_mean) * (1 + (eta * u a - eta * wrong_mean)))) arms).
  - right. rewrite (sum_comb [(exp (eta * wrong_mean) * (1 - eta * wrong_mean), fun a => p a * (1 - r a)); (exp (eta * wrong_mean) * eta, fun a => p a * (1 - r a) * u a)]) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. rewrite W, wrong_share. ring.
  - apply sum_le. intros a Ha. apply Rmult_le_compat_l; [specialize (Hp a Ha); destruct (Hr a Ha) as [-> | ->]; lra | apply exp_tangent].
Qed.
Lemma after_eq eta : pass_rate_after eta = right eta / (right eta + wrong eta).
Proof.
  assert (R := right_positive eta). assert (W := wrong_positive eta). unfold pass_rate_after, V, tilt.
  assert (N : sum_over (fun b => p b * exp (eta * u b)) arms = right eta + wrong eta) by (unfold right, wrong; rewrite <- sum_plus; apply sum_ext; intros; ring). rewrite N.
  rewrite (sum_comb [(/ (right eta + wrong eta), fun a => p a * r a * exp (eta * u a))]) by (intros; cbn [comb]; field; lra). cbn [comb_sum]. fold (right eta). field. lra.
Qed.
Lemma odds_after eta : odds (pass_rate_after eta) = right eta / wrong eta.
Proof. assert (R := right_positive eta). assert (W := wrong_positive eta). unfold odds. rewrite after_eq. field. split; lra. Qed.
Theorem odds_of_a_step eta low width : 0 <= eta -> 0 <= width -> (forall a, In a arms -> r a = 0 -> low <= u a <= low + width) ->
  odds P * exp (eta * gradient_gap - (eta * width)^2 / 8) <= odds (pass_rate_after eta).
Proof.
  intros He Hw Hu. rewrite odds_after. assert (R := right_at_least eta). assert (W := wrong_at_most eta low width He Hw Hu). assert (Wp := wrong_positive eta).
  assert (E := exp_pos (eta * wrong_mean + (eta * width)^2 / 8)). set (b := (1 - P) * exp (eta * wrong_mean + (eta * width)^2 / 8)) in *. assert (Bp : 0 < b) by (apply Rmult_lt_0_compat; lra).
  apply Rle_trans with (P * exp (eta * right_mean) / b).
  - right. unfold odds, b, gradient_gap. replace (eta * right_mean) with (eta * (right_mean - wrong_mean) - (eta * width)^2 / 8 + (eta * wrong_mean + (eta * width)^2 / 8)) by ring.
    rewrite exp_plus. field. split; lra.
  - apply Rle_trans with (right eta / b); [apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; assumption | assumption] |].
    apply Rmult_le_compat_l; [left; apply right_positive | apply Rinv_le_contravar; assumption].
Qed.
(* below the threshold the pass rate rises *)
Theorem step_threshold eta low width : 0 < eta -> 0 < width -> (forall a, In a arms -> r a = 0 -> low <= u a <= low + width) ->
  eta < 8 * gradient_gap / width ^2 -> P < pass_rate_after eta.
Proof.
  intros He Hw Hu Ht. assert (B := odds_of_a_step eta low width ltac:(lra) ltac:(lra) Hu). assert (W2 : 0 < width ^2) by (apply pow_lt; assumption).
  assert (X : 0 < eta * gradient_gap - (eta * width)^2 / 8).
  { assert (T : eta * width ^2 < 8 * gradient_gap) by (apply Rmult_lt_reg_r with (/ width ^2); [apply Rinv_0_lt_compat; assumption | rewrite Rmult_assoc, Rinv_r by lra; unfold Rdiv in Ht; lra]).
    replace (eta * gradient_gap - (eta * width)^2 / 8) with (eta * (8 * gradient_gap - eta * width ^2) / 8) by field. assert (0 < eta * (8 * gradient_gap - eta * width ^2)) by (apply Rmult_lt_0_compat; lra). lra. }
  assert (O : 0 < odds P) by (unfold odds; apply Rdiv_lt_0_compat; lra). assert (E1 : 1 < exp (eta * gradient_gap - (eta * width)^2 / 8)) by (rewrite <- exp_0; apply exp_increasing; assumption).
  assert (S : odds P < odds (pass_rate_after eta)) by (apply Rlt_le_trans with (odds P * exp (eta * gradient_gap - (eta * width)^2 / 8)); [| exact B]; replace (odds P) with (odds P * 1) at 1 by ring; apply Rmult_lt_compat_l; assumption).
  rewrite odds_after in S. rewrite after_eq. assert (R := right_positive eta). assert (W := wrong_positive eta). unfold odds in S.
  assert (C : P * wrong eta < right eta * (1 - P)).
  { apply Rmult_lt_reg_r with (/ ((1 - P) * wrong eta)); [apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra |].
    replace (P * wrong eta * / ((1 - P) * wrong eta)) with (P / (1 - P)) by (field; split; lra). replace (right eta * (1 - P) * / ((1 - P) * wrong eta)) with (right eta / wrong eta) by (field; split; lra). exact S. }
  apply Rmult_lt_reg_r with (right eta + wrong eta); [lra |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.
End Step.
(* a longer step can lower it although the gap is positive: u = 1 on the right answer, 3 and -3 on two wrong ones *)
Theorem a_long_step_can_lower : exists (eta : R) (p r u : nat -> R), let arms := [0%nat; 1%nat; 2%nat] in
  0 < eta /\ sum_over p arms = 1 /\ gradient_gap arms p r u = 1 /\ V arms p r = 1 / 2 /\ pass_rate_after arms p r u eta < 1 / 2.
Proof.
  exists (ln 2), (fun i => match i with O => 1 / 2 | _ => 1 / 4 end), (fun i => match i with O => 1 | _ => 0 end), (fun i => match i with O => 1 | 1%nat => 3 | _ => -3 end).
  assert (L : 0 < ln 2) by (rewrite <- ln_1; apply ln_increasing; lra). assert (E : exp (ln 2) = 2) by (apply exp_ln; lra).
  assert (E3 : exp (ln 2 * 3) = 8) by (replace (ln 2 * 3) with (ln 2 + (ln 2 + ln 2)) by ring; rewrite !exp_plus, E; ring).
  assert (M3 : exp (ln 2 * -3) = / 8) by (replace (ln 2 * -3) with (- (ln 2 * 3)) by ring; rewrite exp_Ropp, E3; reflexivity).
  unfold gradient_gap, right_mean, wrong_mean, pass_rate_after, tilt, V. cbn [sum_over]. cbv beta iota.
  assert (E1 : exp (ln 2 * 1) = 2) by (rewrite Rmult_1_r; exact E). rewrite E1, E3, M3. repeat split; lra.
Qed.
