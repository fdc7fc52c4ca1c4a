(* C18: at a fixed rate exact gradient ascent can return to the same pass rate below 1 for ever, where half the rate comes
   as near to 1 as one likes. C19: with a free logit for every answer it cannot: the odds grow at least linearly. *)
Require Import Reals Lra Lia Psatz List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Derivative TiltStep StepThreshold.
Import ListNotations.
Open Scope R_scope.

(* five answers with linear logits: what the first and the second parameter add, and what the answer starts with *)
Definition first_feature (i : nat) : R := match i with 0%nat => 0 | 1%nat => 2 | 2%nat => -1 | _ => 1 end.
Definition second_feature (i : nat) : R := match i with 3%nat => 1 | 4%nat => -1 | _ => 0 end.
Definition reward (i : nat) : R := match i with 0%nat | 1%nat => 1 | _ => 0 end.
Definition base p (i : nat) : R := match i with 0%nat => 25 * p | 1%nat => 5 * p | 2%nat => 10 * (1 - p) | _ => 8 * (1 - p) end.
Definition logits p a s (i : nat) := ln (base p i) + a * first_feature i + s * second_feature i.
Definition pass_rate p a s := value 5 reward (logits p a s).
(* exact gradient ascent on the pass rate, from (0, ln 2) *)
Definition ascent_step p eta (at_ : R * R) := let (a, s) := at_ in
  (a + eta * Derive (fun x => pass_rate p x s) a, s + eta * Derive (fun y => pass_rate p a y) s).
Fixpoint ascent p eta (t : nat) : R * R := match t with O => (0, ln 2) | S before => ascent_step p eta (ascent p eta before) end.
Definition pass_rate_at p eta t := pass_rate p (fst (ascent p eta t)) (snd (ascent p eta t)).

(* the policy gradient of linear logits: sum over the answers of pi (r - pass rate) feature *)
Definition slope (feature : nat -> R) p a s :=
  sum_over (fun i => softmax 5 (logits p a s) i * (reward i - pass_rate p a s) * feature i) (seq 0 5).

Section Cycle.
Variable p : R.
Hypothesis Hp : 0 < p < 1.
Let right a := 5 * p * (5 + exp a * exp a).
Let wrong a s := (1 - p) * (10 * exp (- a) + 8 * exp a * (exp s + exp (- s))).
Lemma right_pos a : 0 < right a.
Proof. unfold right. assert (E := Rmult_lt_0_compat _ _ (exp_pos a) (exp_pos a)). apply Rmult_lt_0_compat; lra. Qed.
Lemma wrong_pos a s : 0 < wrong a s.
Proof. unfold wrong. assert (A := exp_pos (- a)). assert (B := Rmult_lt_0_compat _ _ (exp_pos a) (exp_pos s)). assert (C := Rmult_lt_0_compat _ _ (exp_pos a) (exp_pos (- s))). apply Rmult_lt_0_compat; lra. Qed.
Lemma pass_rate_eq a s : pass_rate p a s = right a / (right a + wrong a s).
Proof.
  assert (R := right_pos a). assert (W := wrong_pos a s). revert R W.
  assert (E : forall c x y, 0 < c -> y = ln c + x -> exp y = c * exp x) by (intros c x y H ->; rewrite exp_plus, exp_ln by assumption; reflexivity).
  unfold pass_rate, value, softmax, Z, logits, base, first_feature, second_feature, reward, right, wrong. cbn [seq sum_over].
  rewrite (E (25 * p) 0 (ln (25 * p) + a * 0 + s * 0)), (E (5 * p) (2 * a) (ln (5 * p) + a * 2 + s * 0)), (E (10 * (1 - p)) (- a) (ln (10 * (1 - p)) + a * -1 + s * 0)),
    (E (8 * (1 - p)) (a + s) (ln (8 * (1 - p)) + a * 1 + s * 1)), (E (8 * (1 - p)) (a - s) (ln (8 * (1 - p)) + a * 1 + s * -1)), exp_0 by lra.
  replace (2 * a) with (a + a) by ring. replace (a - s) with (a + - s) by ring. rewrite !exp_plus. intros R W. field. repeat split; lra.
Qed.
(* the derivatives, which no statement assumes *)
Lemma slope_first a s : is_derive (fun x => pass_rate p x s) a
  (5 * p * (1 - p) * (2 * (exp a * exp a) * (10 * exp (- a) + 8 * exp a * (exp s + exp (- s))) - (5 + exp a * exp a) * (8 * exp a * (exp s + exp (- s)) - 10 * exp (- a))) / (right a + wrong a s)^2).
Proof.
  assert (R := right_pos a). assert (W := wrong_pos a s). apply (is_derive_ext (fun x => right x / (right x + wrong x s))); [intros; symmetry; apply pass_rate_eq |].
  unfold right, wrong in *. auto_derive; [lra | field; lra].
Qed.
Lemma slope_second a s : is_derive (fun y => pass_rate p a y) s (- (right a * (1 - p) * (8 * exp a * (exp s - exp (- s)))) / (right a + wrong a s)^2).
Proof.
  assert (R := right_pos a). assert (W := wrong_pos a s). apply (is_derive_ext (fun y => right a / (right a + wrong a y))); [intros; symmetry; apply pass_rate_eq |].
  unfold right, wrong in *. auto_derive; [lra | field; lra].
Qed.
Lemma ascent_step_eq eta a s d1 d2 : is_derive (fun x => pass_rate p x s) a d1 -> is_derive (fun y => pass_rate p a y) s d2 ->
  ascent_step p eta (a, s) = (a + eta * d1, s + eta * d2).
Proof. intros H1 H2. apply is_derive_unique in H1. apply is_derive_unique in H2. cbv beta iota delta [ascent_step]. f_equal; [rewrite <- H1 | rewrite <- H2]; reflexivity. Qed.
Lemma slope_eq a s : let x := exp a * exp a in let e := exp (- a) in let up := exp a * exp s in let down := exp a * exp (- s) in
  forall feature, slope feature p a s = (let total := right a + wrong a s in let value := right a / total in
    (25 * p * (1 - value) * feature 0%nat + 5 * p * x * (1 - value) * feature 1%nat - (10 * (1 - p) * e * feature 2%nat + 8 * (1 - p) * up * feature 3%nat + 8 * (1 - p) * down * feature 4%nat) * value) / total).
Proof.
  intros x e up down feature. unfold slope. rewrite pass_rate_eq. assert (R := right_pos a). assert (W := wrong_pos a s). set (v := right a / (right a + wrong a s)).
  assert (E : forall c y z, 0 < c -> z = ln c + y -> exp z = c * exp y) by (intros c y z H ->; rewrite exp_plus, exp_ln by assumption; reflexivity).
  unfold softmax, Z, logits, base, first_feature, second_feature, reward. cbn [seq sum_over].
  rewrite (E (25 * p) 0 (ln (25 * p) + a * 0 + s * 0)), (E (5 * p) (a + a) (ln (5 * p) + a * 2 + s * 0)), (E (10 * (1 - p)) (- a) (ln (10 * (1 - p)) + a * -1 + s * 0)),
    (E (8 * (1 - p)) (a + s) (ln (8 * (1 - p)) + a * 1 + s * 1)), (E (8 * (1 - p)) (a + - s) (ln (8 * (1 - p)) + a * 1 + s * -1)), exp_0 by lra. rewrite !exp_plus.
  assert (T : 25 * p * 1 + (5 * p * (exp a * exp a) + (10 * (1 - p) * exp (- a) + (8 * (1 - p) * (exp a * exp s) + (8 * (1 - p) * (exp a * exp (- s)) + 0)))) = right a + wrong a s) by (unfold right, wrong; ring).
  rewrite T. cbv zeta. unfold x, e, up, down. fold v. field. lra.
Qed.
(* C18: what a step adds is the rate times this gradient *)
Theorem ascent_step_is_policy_gradient eta a s : ascent_step p eta (a, s) =
  (a + eta * slope first_feature p a s, s + eta * slope second_feature p a s).
Proof.
  rewrite (ascent_step_eq _ _ _ _ _ (slope_first a s) (slope_second a s)). assert (R := right_pos a). assert (W := wrong_pos a s).
  f_equal; f_equal; f_equal; rewrite slope_eq; cbv zeta; unfold first_feature, second_feature; revert R W; unfold right, wrong; intros R W; field; lra.
Qed.
Lemma exp_ln2 : exp (ln 2) = 2 /\ exp (- ln 2) = / 2.
Proof. assert (E : exp (ln 2) = 2) by (apply exp_ln; lra). split; [exact E | rewrite exp_Ropp, E; reflexivity]. Qed.
Lemma step_from eta sign : sign = 1 \/ sign = -1 -> ascent_step p eta (0, sign * ln 2) = (0, sign * ln 2 - sign * eta * (2 / 5 * (p * (1 - p)))).
Proof.
  intros Hs. assert (D1 := slope_first 0 (sign * ln 2)). assert (D2 := slope_second 0 (sign * ln 2)). rewrite (ascent_step_eq _ _ _ _ _ D1 D2). destruct exp_ln2 as [E E'].
  assert (R := right_pos 0). assert (W := wrong_pos 0 (sign * ln 2)). revert R W. unfold right, wrong. replace (- 0) with 0 by ring. rewrite exp_0.
  destruct Hs as [-> | ->].
  - replace (1 * ln 2) with (ln 2) by ring. rewrite E, E'. intros R W. f_equal; field; lra.
  - replace (- (-1 * ln 2)) with (ln 2) by ring. replace (-1 * ln 2) with (- ln 2) by ring. rewrite E, E'. intros R W. f_equal; field; lra.
Qed.
Lemma level_from sign : sign = 1 \/ sign = -1 -> pass_rate p 0 (sign * ln 2) = p.
Proof.
  intros Hs. rewrite pass_rate_eq. assert (R := right_pos 0). assert (W := wrong_pos 0 (sign * ln 2)). revert R W. destruct exp_ln2 as [E E'].
  unfold right, wrong. replace (- 0) with 0 by ring. rewrite exp_0.
  destruct Hs as [-> | ->].
  - replace (1 * ln 2) with (ln 2) by ring. rewrite E, E'. intros R W. field. lra.
  - replace (- (-1 * ln 2)) with (ln 2) by ring. replace (-1 * ln 2) with (- ln 2) by ring. rewrite E, E'. intros R W. field. lra.
Qed.
Lemma ascent_cycles t : ascent p (5 * ln 2 / (p * (1 - p))) t = (0, (-1) ^ t * ln 2).
Proof.
  induction t as [|t IH]; [cbn [ascent pow]; rewrite Rmult_1_l; reflexivity |]. cbn [ascent]. rewrite IH. rewrite step_from.
  - f_equal. cbn [pow]. field. lra.
  - clear IH. induction t as [|t IH]; [left; reflexivity |]. cbn [pow]. destruct IH as [-> | ->]; [right | left]; ring.
Qed.
(* C18, first half *)
Theorem fixed_rate_returns t : pass_rate_at p (5 * ln 2 / (p * (1 - p))) t = p.
Proof.
  unfold pass_rate_at. rewrite ascent_cycles. cbn [fst snd]. apply level_from. induction t as [|t IH]; [left; reflexivity |]. cbn [pow]. destruct IH as [-> | ->]; [right | left]; ring.
Qed.
(* half the rate leads to second parameter 0 in one step, and stays there *)
Let rate := 5 * ln 2 / (p * (1 - p)) / 2.
Let ridge_slope a := 5 * p * (1 - p) * (2 * (exp a * exp a) * (10 * exp (- a) + 8 * exp a * (exp 0 + exp (- 0))) - (5 + exp a * exp a) * (8 * exp a * (exp 0 + exp (- 0)) - 10 * exp (- a))) / (right a + wrong a 0)^2.
Lemma ridge_step a : ascent_step p rate (a, 0) = (a + rate * ridge_slope a, 0).
Proof.
  rewrite (ascent_step_eq _ _ _ _ _ (slope_first a 0) (slope_second a 0)). fold (ridge_slope a). f_equal.
  replace (- 0) with 0 by ring. assert (R := right_pos a). assert (W := wrong_pos a 0). field. lra.
Qed.
Lemma rate_pos : 0 < rate.
Proof. unfold rate. assert (0 < ln 2) by (rewrite <- ln_1; apply ln_increasing; lra). assert (0 < p * (1 - p)) by (apply Rmult_lt_0_compat; lra). apply Rdiv_lt_0_compat; [apply Rdiv_lt_0_compat |]; lra. Qed.
Lemma exp_mono x y : x <= y -> exp x <= exp y.
Proof. intros [H | ->]; [left; apply exp_increasing, H | right; reflexivity]. Qed.
Let least b := 50 * (p * (1 - p)) * exp (- b) / (56 * (exp b * exp b))^2.
Lemma least_pos b : 0 < least b.
Proof.
  unfold least. assert (B := exp_pos b). assert (0 < p * (1 - p)) by (apply Rmult_lt_0_compat; lra). assert (E := exp_pos (- b)).
  apply Rdiv_lt_0_compat; [repeat apply Rmult_lt_0_compat; lra | apply pow_lt; repeat apply Rmult_lt_0_compat; lra].
Qed.
Lemma slope_at_least a b : 0 <= a <= b -> least b <= ridge_slope a.
Proof.
  intros H. unfold least, ridge_slope. replace (- 0) with 0 by ring. rewrite exp_0.
  assert (X : 1 <= exp a) by (rewrite <- exp_0; apply exp_mono; lra). assert (XB := exp_mono a b ltac:(lra)). assert (NB := exp_mono (- b) (- a) ltac:(lra)). assert (NA : exp (- a) <= 1) by (rewrite <- exp_0; apply exp_mono; lra).
  assert (NP := exp_pos (- b)). assert (I : exp (- a) * exp a = 1) by (rewrite <- exp_plus; replace (- a + a) with 0 by ring; apply exp_0).
  assert (PQ : 0 < p * (1 - p)) by (apply Rmult_lt_0_compat; lra).
  assert (R := right_pos a). assert (W := wrong_pos a 0). assert (T : right a + wrong a 0 <= 56 * (exp b * exp b)).
  { unfold right, wrong. replace (- 0) with 0 by ring. rewrite exp_0. assert (exp a * exp a <= exp b * exp b) by (apply Rmult_le_compat; lra). assert (exp b * 1 <= exp b * exp b) by (apply Rmult_le_compat_l; lra). nra. }
  apply Rmult_le_compat.
  - left. apply Rmult_lt_0_compat; lra.
  - left. apply Rinv_0_lt_compat, pow_lt. assert (0 < exp b * exp b) by (apply Rmult_lt_0_compat; lra). lra.
  - set (x := exp a) in *. set (i := exp (- a)) in *.
    assert (G : 10 * i <= 2 * (x * x) * (10 * i + 8 * x * (1 + 1)) - (5 + x * x) * (8 * x * (1 + 1) - 10 * i)).
    { replace (2 * (x * x) * (10 * i + 8 * x * (1 + 1)) - (5 + x * x) * (8 * x * (1 + 1) - 10 * i)) with (30 * x * (i * x) + 16 * x ^3 - 80 * x + 50 * i) by ring.
      assert (Q : 0 <= i * (16 * (x * x - 25 / 16)^2 + 15 / 16)) by (apply Rmult_le_pos; [unfold i; left; apply exp_pos | assert (B := pow2_ge_0 (x * x - 25 / 16)); lra]).
      replace (i * (16 * (x * x - 25 / 16)^2 + 15 / 16)) with (16 * x ^3 * (i * x) - 50 * x * (i * x) + 40 * i) in Q by field. rewrite I in *. lra. }
    replace (50 * (p * (1 - p)) * exp (- b)) with (5 * p * (1 - p) * (10 * exp (- b))) by ring. apply Rmult_le_compat_l; [nra | lra].
  - apply Rinv_le_contravar; [apply pow_lt; lra | apply pow_incr; lra].
Qed.
Lemma half_rate_ascends b t : 0 < b -> exists a, ascent p rate (S t) = (a, 0) /\ 0 <= a /\ (b < a \/ INR t * (rate * least b) <= a).
Proof.
  intros Hb. assert (Rp := rate_pos). assert (Lp := least_pos b). induction t as [|t [a [E [A0 A]]]].
  - exists 0. split; [| cbn [INR]; split; [lra | right; lra]]. cbn [ascent]. replace (0, ln 2) with (0, 1 * ln 2) by (f_equal; ring). rewrite step_from by (left; reflexivity). f_equal. unfold rate. field. lra.
  - exists (a + rate * ridge_slope a). cbn [ascent] in E |- *. rewrite E, ridge_step. split; [reflexivity |]. rewrite S_INR.
    assert (Up : 0 < rate * ridge_slope a) by (apply Rmult_lt_0_compat; [assumption | apply Rlt_le_trans with (least a); [apply least_pos | apply slope_at_least; lra]]).
    split; [lra |]. destruct A as [A | A]; [left; lra |]. destruct (Rlt_le_dec b a) as [H | H]; [left; lra | right].
    assert (B := Rmult_le_compat_l rate _ _ ltac:(lra) (slope_at_least a b ltac:(lra))). lra.
Qed.
(* C18, second half *)
Theorem half_the_rate_ascends level : level < 1 -> exists from, forall t, (from <= t)%nat -> level < pass_rate_at p (5 * ln 2 / (p * (1 - p)) / 2) t.
Proof.
  intros Hl. fold rate. set (b := 26 * (1 - p) / (5 * p * (1 - level))). assert (B : 0 < b) by (unfold b; apply Rdiv_lt_0_compat; [| repeat apply Rmult_lt_0_compat]; lra).
  assert (C : 0 < rate * least b / b) by (apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; [apply rate_pos | apply least_pos] | assumption]).
  destruct (archimed_cor1 _ C) as [n [Hn N]]. exists (S n). intros t Ht. destruct t as [|t]; [lia |]. destruct (half_rate_ascends b t B) as [a [E [A0 A]]]. unfold pass_rate_at. rewrite E. cbn [fst snd].
  assert (Ab : b < a).
  { destruct A as [A | A]; [assumption |]. assert (Np : 0 < INR n) by (apply lt_0_INR; assumption). assert (Nt : INR n <= INR t) by (apply le_INR; lia).
    assert (D : b < INR n * (rate * least b)).
    { apply Rmult_lt_reg_r with (/ INR n * / b); [apply Rmult_lt_0_compat; apply Rinv_0_lt_compat; assumption |].
      replace (b * (/ INR n * / b)) with (/ INR n) by (field; lra). replace (INR n * (rate * least b) * (/ INR n * / b)) with (rate * least b / b) by (field; lra). assumption. }
    apply Rlt_le_trans with (INR n * (rate * least b)); [assumption |]. apply Rle_trans with (INR t * (rate * least b)); [| assumption].
    apply Rmult_le_compat_r; [| assumption]. left. apply Rmult_lt_0_compat; [apply rate_pos | apply least_pos]. }
  assert (X1 : 1 <= exp a) by (rewrite <- exp_0; apply exp_mono; assumption). assert (Xb : b < exp a) by (assert (T := exp_ineq1_le a); lra).
  assert (R := right_pos a). assert (W := wrong_pos a 0). rewrite pass_rate_eq.
  assert (Ws : wrong a 0 <= 26 * (1 - p) * exp a).
  { unfold wrong. replace (- 0) with 0 by ring. rewrite exp_0. assert (NA : exp (- a) <= 1) by (rewrite <- exp_0; apply exp_mono; lra). nra. }
  assert (Rs : 5 * p * (exp a * exp a) <= right a) by (unfold right; nra).
  assert (Key : 26 * (1 - p) < (1 - level) * (5 * p * exp a)).
  { apply Rmult_lt_compat_r with (r := 5 * p * (1 - level)) in Xb; [| repeat apply Rmult_lt_0_compat; lra]. unfold b in Xb. replace (26 * (1 - p) / (5 * p * (1 - level)) * (5 * p * (1 - level))) with (26 * (1 - p)) in Xb by (field; lra). lra. }
  assert (Wr : wrong a 0 < (1 - level) * right a).
  { apply Rle_lt_trans with (26 * (1 - p) * exp a); [assumption |]. apply Rlt_le_trans with ((1 - level) * (5 * p * exp a) * exp a); [apply Rmult_lt_compat_r; lra |].
    replace ((1 - level) * (5 * p * exp a) * exp a) with ((1 - level) * (5 * p * (exp a * exp a))) by ring. apply Rmult_le_compat_l; lra. }
  apply Rmult_lt_reg_r with (right a + wrong a 0); [lra |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra.
  destruct (Rle_lt_dec level 0); [| nra]. assert (level * (right a + wrong a 0) <= 0) by nra. lra.
Qed.
End Cycle.

(* C19: a free logit for every answer *)
Section Free.
Variables (K : nat) (r : nat -> R) (eta : R).
Hypothesis HK : (0 < K)%nat.
Hypothesis Hr : forall i, In i (seq 0 K) -> r i = 0 \/ r i = 1.
Hypothesis He : 0 <= eta.
Fixpoint free_ascent (th : nat -> R) (t : nat) : nat -> R :=
  match t with O => th | S before => fun i => free_ascent th before i + eta * partial K r (free_ascent th before) i end.
Lemma some_right th : 0 < value K r th -> 0 < sum_over r (seq 0 K).
Proof.
  intros H. apply Rlt_le_trans with (value K r th); [assumption |]. apply sum_le. intros i Hi.
  assert (S := sum_member (softmax K th) (seq 0 K) i Hi (fun a _ => Rlt_le _ _ (softmax_pos K th a HK))). rewrite softmax_sum1 in S by assumption. destruct (Hr i Hi) as [-> | ->]; lra.
Qed.
Lemma one_step th : 0 < value K r th < 1 ->
  odds (value K r th) + eta * value K r th ^2 / sum_over r (seq 0 K) <= odds (value K r (fun i => th i + eta * partial K r th i))
  /\ value K r th <= value K r (fun i => th i + eta * partial K r th i) < 1.
Proof.
  intros HV. set (arms := seq 0 K). set (p := softmax K th). set (u := grad arms p r).
  assert (Pp : forall i, In i arms -> 0 < p i) by (intros; apply softmax_pos; assumption). assert (P0 : forall i, In i arms -> 0 <= p i) by (intros; left; auto).
  assert (P1 : sum_over p arms = 1) by (apply softmax_sum1; assumption). assert (EV : value K r th = V arms p r) by reflexivity.
  assert (After : value K r (fun i => th i + eta * partial K r th i) = pass_rate_after arms p r u eta).
  { unfold pass_rate_after, V, value. apply sum_ext. intros i Hi. f_equal. assert (T := softmax_tilt K u th eta i HK). fold arms in T. fold p in T. rewrite <- T. unfold softmax, Z. f_equal.
    - f_equal. f_equal. f_equal. apply partial_eq; assumption.
    - apply sum_ext. intros j Hj. f_equal. f_equal. f_equal. apply partial_eq; assumption. }
  rewrite After. rewrite EV in *. set (P := V arms p r) in *. set (m := sum_over r arms).
  assert (R0 : forall i, In i arms -> 0 <= r i) by (intros i Hi; destruct (Hr i Hi) as [-> | ->]; lra). assert (M : 0 < m) by (apply (some_right th); rewrite EV; exact (proj1 HV)).
  assert (Rl := right_at_least arms p r u P0 Hr HV eta). fold P in Rl.
  assert (RM : (1 - P) * P / m <= right_mean arms p r u).
  { unfold right_mean. fold P. rewrite (sum_ext _ (fun i => (1 - P) * (r i * p i ^2))) by (intros i Hi; unfold u, grad; fold P; destruct (Hr i Hi) as [-> | ->]; ring). rewrite sum_scal.
    assert (Q : 0 <= sum_over (fun i => r i * (p i - P / m)^2) arms) by (apply sum_nonneg; intros i Hi; apply Rmult_le_pos; [auto | apply pow2_ge_0]).
    rewrite (sum_comb [(1, fun i => r i * p i ^2); (- 2 * (P / m), fun i => p i * r i); ((P / m)^2, r)]) in Q by (intros; cbn [comb]; ring). cbn [comb_sum] in Q. fold m in Q. change (sum_over (fun i => p i * r i) arms) with P in Q.
    set (S2 := sum_over (fun i => r i * p i ^2) arms) in *. replace (1 * S2 + (- 2 * (P / m) * P + ((P / m)^2 * m + 0))) with (S2 - P ^2 / m) in Q by (field; lra).
    replace ((1 - P) * P / m) with ((1 - P) * (P ^2 / m) * / P) by (field; lra). apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; lra | apply Rmult_le_compat_l; lra]. }
  set (R := sum_over (fun a => p a * r a * exp (eta * u a)) arms) in *. set (W := sum_over (fun a => p a * (1 - r a) * exp (eta * u a)) arms).
  assert (Rb : P + P * (eta * ((1 - P) * P / m)) <= R).
  { apply Rle_trans with (P * exp (eta * right_mean arms p r u)); [| exact Rl]. assert (X := exp_ineq1_le (eta * right_mean arms p r u)). assert (Y := Rmult_le_compat_l eta _ _ He RM). nra. }
  assert (Wb : W <= 1 - P).
  { unfold P. rewrite <- (wrong_share arms p r P1). apply sum_le. intros i Hi. specialize (P0 i Hi). destruct (Hr i Hi) as [E | E]; rewrite E; [| lra].
    assert (U : eta * u i <= 0) by (unfold u, grad; fold P; rewrite E; assert (0 <= eta * (p i * P)) by (apply Rmult_le_pos; [| apply Rmult_le_pos]; lra); lra).
    assert (exp (eta * u i) <= 1) by (rewrite <- exp_0; apply exp_mono; assumption). nra. }
  assert (Wp : 0 < W) by (apply wrong_positive; assumption). assert (Pos : 0 <= P * (eta * ((1 - P) * P / m))) by (repeat apply Rmult_le_pos; try lra; left; apply Rinv_0_lt_compat; assumption).
  rewrite odds_after by assumption. rewrite after_eq by assumption. fold R W. split; [| split].
  - apply Rle_trans with ((P + P * (eta * ((1 - P) * P / m))) / (1 - P)); [right; unfold odds; field; lra |].
    apply Rmult_le_compat; [lra | left; apply Rinv_0_lt_compat; lra | assumption | apply Rinv_le_contravar; assumption].
  - apply Rmult_le_reg_r with (R + W); [lra |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra.
  - apply Rmult_lt_reg_r with (R + W); [lra |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.
Variable th : nat -> R.
Hypothesis Hv : 0 < value K r th < 1.
Lemma free_odds t : odds (value K r th) + INR t * eta * value K r th ^2 / sum_over r (seq 0 K) <= odds (value K r (free_ascent th t))
  /\ value K r th <= value K r (free_ascent th t) < 1.
Proof.
  induction t as [|t [IO IV]]; [cbn [free_ascent INR]; split; [right; unfold Rdiv; ring | lra] |]. rewrite S_INR. cbn [free_ascent].
  assert (S := one_step (free_ascent th t) ltac:(lra)). set (V1 := value K r (free_ascent th t)) in *. set (V0 := value K r th) in *. split; [| lra].
  destruct S as [S _]. apply Rle_trans with (odds V1 + eta * V1 ^2 / sum_over r (seq 0 K)); [| exact S].
  assert (Mp : 0 <= / sum_over r (seq 0 K)) by (left; apply Rinv_0_lt_compat, (some_right th); exact (proj1 Hv)).
  assert (Sq : eta * V0 ^2 <= eta * V1 ^2) by (apply Rmult_le_compat_l; [assumption | apply pow_incr; lra]). assert (Q := Rmult_le_compat_r _ _ _ Mp Sq).
  unfold Rdiv in *. replace ((INR t + 1) * eta * V0 ^2 * / sum_over r (seq 0 K)) with (INR t * eta * V0 ^2 * / sum_over r (seq 0 K) + eta * V0 ^2 * / sum_over r (seq 0 K)) by ring. lra.
Qed.
Theorem free_odds_grow t : odds (value K r (free_ascent th t)) >= odds (value K r th) + INR t * eta * value K r th ^2 / sum_over r (seq 0 K).
Proof. apply Rle_ge, free_odds. Qed.
Theorem free_logits_ascend level : 0 < eta -> level < 1 -> exists from, forall t, (from <= t)%nat -> level < value K r (free_ascent th t).
Proof.
  intros Ep Hl. set (c := eta * value K r th ^2 / sum_over r (seq 0 K)).
  assert (Cp : 0 < c) by (apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; [| apply pow_lt]; lra | apply (some_right th); exact (proj1 Hv)]).
  destruct (archimed_cor1 (c * (1 - level))) as [n [Hn N]]; [apply Rmult_lt_0_compat; lra |]. exists n. intros t Ht. destruct (free_odds t) as [O V1]. set (v := value K r (free_ascent th t)) in *.
  assert (Nt : INR n <= INR t) by (apply le_INR; lia). assert (Np : 0 < INR n) by (apply lt_0_INR; assumption).
  assert (B : 1 < INR n * c * (1 - level)).
  { apply Rmult_lt_reg_l with (/ INR n); [apply Rinv_0_lt_compat; assumption |]. replace (/ INR n * (INR n * c * (1 - level))) with (c * (1 - level)) by (field; lra). lra. }
  assert (O0 : 0 < odds (value K r th)) by (unfold odds; apply Rdiv_lt_0_compat; lra).
  assert (G : INR n * c < v / (1 - v)).
  { apply Rle_lt_trans with (INR t * c); [apply Rmult_le_compat_r; lra |]. unfold odds in *. unfold c, Rdiv in *. lra. }
  apply Rmult_lt_compat_r with (r := 1 - v) in G; [| lra]. replace (v / (1 - v) * (1 - v)) with v in G by (field; lra).
  assert (F : (1 - v) * 1 < (1 - v) * (INR n * c * (1 - level))) by (apply Rmult_lt_compat_l; lra). assert (H : INR n * c * (1 - v) * (1 - level) < v * (1 - level)) by (apply Rmult_lt_compat_r; lra). nra.
Qed.
End Free.
