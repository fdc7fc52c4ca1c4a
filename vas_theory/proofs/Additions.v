(* Statements beside the paper's: a noisy verifier, leaving silent groups out, the best group size, MaxRL, a rare mode, allocation. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Calculus Pools GroupGain GainShape BinomialMeans GainBounds Policy GroupDraws GroupUpdate.
Import ListNotations.
Open Scope R_scope.

(* ---- a noisy verifier: correct answers pass with chance tpr, wrong ones with chance fpr ---- *)
Lemma sum_over_app {A} (f : A -> R) l m : sum_over f (l ++ m) = sum_over f l + sum_over f m.
Proof. induction l as [|a l IH]; cbn; [ring | rewrite IH; ring]. Qed.
Lemma sum_over_verdicts {A} (f : A * bool -> R) l : sum_over f (list_prod l [true; false]) = sum_over (fun a => f (a, true) + f (a, false)) l.
Proof. induction l as [|a l IH]; cbn [list_prod sum_over]; [reflexivity |]. rewrite sum_over_app, IH. cbn [map sum_over]. ring. Qed.
Section NoisyVerifier.
Context {A D : Type} (acts : list A) (dims : list D) (pol : (D -> R) -> A -> R) (r : A -> R) (theta : D -> R) (g : A -> D -> R) (v : D -> R).
Hypothesis Hpol : differentiable_policy acts dims pol theta g.
Hypothesis Hv : is_gradient dims (objective acts pol r) theta v. (* v = grad p *)
Hypothesis Hr : forall a, In a acts -> r a = 0 \/ r a = 1.
Variables tpr fpr : R.
Hypothesis Ht : 0 <= tpr <= 1.
Hypothesis Hf : 0 <= fpr <= 1.
Let youden := tpr - fpr. (* J *)
Definition passes a := fpr + (tpr - fpr) * r a. (* chance that the verifier accepts *)
(* a rollout is an action with its verdict *)
Definition judged := list_prod acts [true; false].
Definition judged_policy th (y : A * bool) := pol th (fst y) * (if snd y then passes (fst y) else 1 - passes (fst y)).
Definition verdict (y : A * bool) := if snd y then 1 else 0.
Definition judged_score (y : A * bool) := g (fst y).
Definition noisy_rate := fpr + (tpr - fpr) * objective acts pol r theta. (* p~ *)
Lemma judged_objective th : objective judged judged_policy verdict th = fpr * sum_over (pol th) acts + youden * objective acts pol r th.
Proof.
  unfold objective, judged. rewrite sum_over_verdicts. rewrite (sum_comb [(fpr, pol th); (youden, fun a => pol th a * r a)]); [cbn [comb_sum]; ring |].
  intros a _. cbn [comb]. unfold judged_policy, verdict, passes, youden. cbn [fst snd]. ring.
Qed.
Lemma judged_differentiable : differentiable_policy judged dims judged_policy theta judged_score.
Proof.
  destruct Hpol as [P0 [P1 Ps]]. split; [| split].
  - intros [a b] Hy. apply in_prod_iff in Hy. destruct Hy as [Ha _]. unfold judged_policy. cbn [fst snd]. apply Rmult_le_pos; [apply P0; assumption |].
    unfold passes. destruct (Hr a Ha) as [-> | ->]; destruct b; lra.
  - intros th. unfold judged. rewrite sum_over_verdicts. rewrite <- (P1 th). apply sum_ext. intros a _. unfold judged_policy. cbn [fst snd]. ring.
  - intros [a b] Hy u. apply in_prod_iff in Hy. destruct Hy as [Ha _]. unfold judged_policy, judged_score. cbn [fst snd]. set (c := if b then passes a else 1 - passes a).
    apply (derive_ext (fun t => c * pol (move theta u t) a)); [intros; ring |].
    eapply derive_value; [| apply (is_derive_scal (fun t => pol (move theta u t) a)); apply (Ps a Ha)]. real_equation. unfold dot. rewrite <- sum_scal. apply sum_ext. intros; ring.
Qed.
Lemma judged_gradient : is_gradient dims (objective judged judged_policy verdict) theta (fun k => youden * v k).
Proof.
  intros u. destruct Hpol as [_ [P1 _]]. apply (derive_ext (fun t => fpr + youden * objective acts pol r (move theta u t))); [intros; rewrite judged_objective, P1; ring |].
  eapply derive_value; [| apply (is_derive_plus (fun _ => fpr) (fun t => youden * objective acts pol r (move theta u t))); [apply @is_derive_const | apply (is_derive_scal (fun t => objective acts pol r (move theta u t))); apply Hv]].
  real_equation. unfold plus, zero; simpl. unfold dot. rewrite Rplus_0_l, <- sum_scal. apply sum_ext. intros; ring.
Qed.
(* E ghat = J w_G (p~) grad p; with J < 0 the expected update points against the gradient of the true pass rate *)
Theorem noisy_verifier_update n : 0 < noisy_rate < 1 -> let G := INR (S (S n)) in
  (forall k, In k dims -> group_expect judged judged_policy theta (S (S n)) (whitened verdict judged_score G k) = (tpr - fpr) * w noisy_rate n * v k)
  /\ (tpr < fpr -> squared_norm dims v <> 0 -> sum_over (fun k => group_expect judged judged_policy theta (S (S n)) (whitened verdict judged_score G k) * v k) dims < 0).
Proof.
  intros Hn G.
  assert (EJ : expect judged judged_policy theta verdict = noisy_rate).
  { change (objective judged judged_policy verdict theta = noisy_rate). rewrite judged_objective. destruct Hpol as [_ [P1 _]]. rewrite P1. unfold noisy_rate, youden. ring. }
  assert (M : forall k, In k dims -> group_expect judged judged_policy theta (S (S n)) (whitened verdict judged_score G k) = (tpr - fpr) * w noisy_rate n * v k).
  { intros k Hk. destruct (whitened_mean judged dims judged_policy verdict theta judged_score judged_differentiable _ judged_gradient) with (n := n) (k := k) as [E _]; [| | exact Hk |].
    - intros [a [|]] _; unfold verdict; cbn; auto.
    - rewrite EJ. exact Hn.
    - fold G in E. rewrite E, EJ. unfold youden. ring. }
  split; [exact M |]. intros HJ Hnz. rewrite (sum_ext _ (fun k => (tpr - fpr) * w noisy_rate n * (v k ^2))) by (intros k Hk; rewrite M by assumption; ring). rewrite sum_scal.
  fold (squared_norm dims v). assert (N : 0 <= squared_norm dims v) by (apply sum_nonneg; intros; apply pow2_ge_0).
  assert (W : 0 < w noisy_rate n).
  { apply Rlt_le_trans with (EB noisy_rate n (fun _ => / (INR n + 1))).
    - rewrite EB_const. apply Rinv_0_lt_compat. assert (H := pos_INR n). lra.
    - apply EB_le; [lra |]. intros j Hj. apply le_INR in Hj. assert (H0 := pos_INR j). assert (Hn0 := pos_INR n). assert (Y : 0 < (INR j + 1) * (INR n + 1 - INR j)) by (apply Rmult_lt_0_compat; lra). assert (Sq := sqrt_lt_R0 _ Y).
      apply Rmult_le_reg_r with ((INR n + 1) * sqrt ((INR j + 1) * (INR n + 1 - INR j))); [apply Rmult_lt_0_compat; lra |].
      replace (/ (INR n + 1) * ((INR n + 1) * sqrt ((INR j + 1) * (INR n + 1 - INR j)))) with (sqrt ((INR j + 1) * (INR n + 1 - INR j))) by (field; lra).
      replace ((INR n + 1) / sqrt ((INR j + 1) * (INR n + 1 - INR j)) * ((INR n + 1) * sqrt ((INR j + 1) * (INR n + 1 - INR j)))) with ((INR n + 1)^2) by (field; lra).
      rewrite <- (sqrt_pow2 ((INR n + 1)^2)) by apply pow2_ge_0. apply sqrt_le_1_alt.
      assert (X1 : INR j + 1 <= INR n + 1) by lra. assert (X2 : INR n + 1 - INR j <= INR n + 1) by lra. assert (X3 : (INR j + 1) * (INR n + 1 - INR j) <= (INR n + 1) * (INR n + 1)) by (apply Rmult_le_compat; lra).
      apply Rle_trans with ((INR n + 1) * (INR n + 1)); [exact X3 |]. set (z := (INR n + 1) * (INR n + 1)) in *. assert (X4 : 1 <= z) by (unfold z; replace 1 with (1 * 1) at 1 by ring; apply Rmult_le_compat; lra).
      replace (((INR n + 1)^2)^2) with (z * z) by (unfold z; ring). assert (0 <= z * (z - 1)) by (apply Rmult_le_pos; lra). lra. }
  assert (0 < w noisy_rate n * squared_norm dims v) by (apply Rmult_lt_0_compat; lra).
  assert (0 < (fpr - tpr) * (w noisy_rate n * squared_norm dims v)) by (apply Rmult_lt_0_compat; lra). lra.
Qed.
End NoisyVerifier.

(* ---- leaving silent groups out: the mean share of correct rollouts of a group that is neither all wrong nor all right ---- *)
Definition is_mixed G (k : nat) := 1 - is_zero k - is_zero (G - k).
Lemma strict_powers x y m : 0 <= x -> x < y -> x ^ S m < y ^ S m.
Proof.
  intros Hx Hxy. induction m; [simpl; lra |]. change (x * x ^ S m < y * y ^ S m). assert (0 <= x ^ S m) by (apply pow_le; assumption). apply Rle_lt_trans with (x * y ^ S m); [apply Rmult_le_compat_l; lra |].
  apply Rmult_lt_compat_r; [apply pow_lt; lra | assumption].
Qed.
Theorem filtered_pass_rate n p : 0 < p < 1 -> let G := S (S n) in
  let mean := EB p G (fun k => is_mixed G k * (INR k / INR G)) / EB p G (is_mixed G) in
  mean = (p - p ^ G) / (1 - p ^ G - (1 - p) ^ G) /\ (p < mean <-> p < 1 / 2) /\ (mean < p <-> 1 / 2 < p).
Proof.
  intros Hp G mean. assert (HG : 0 < INR G) by (apply lt_0_INR; unfold G; lia).
  assert (D : EB p G (is_mixed G) = 1 - p ^ G - (1 - p) ^ G).
  { unfold is_mixed. rewrite (EB_ext p G _ (fun k => (1 + (-1) * is_zero k) + (-1) * is_zero (G - k))) by (intros; ring). rewrite !EB_plus, !EB_scal, EB_const, EB_is_zero, EB_is_last. ring. }
  assert (N : EB p G (fun k => is_mixed G k * (INR k / INR G)) = p - p ^ G).
  { rewrite (EB_ext p G _ (fun k => / INR G * INR k + (-1) * is_zero (G - k))).
    - rewrite EB_plus, !EB_scal, EB_one, EB_is_last. field. lra.
    - intros k Hk. unfold is_mixed. destruct (is_zero_spec k) as [[-> ->] | [nz ->]].
      + change (INR 0) with 0. rewrite Nat.sub_0_r. change (is_zero G) with 0. field. lra.
      + destruct (is_zero_spec (G - k)) as [[e ->] | [ne ->]]; [replace k with G by lia; field; lra | field; lra]. }
  assert (Pos : 0 < 1 - p ^ G - (1 - p) ^ G).
  { assert (A : forall x, 0 < x < 1 -> x ^ G <= x * x).
    { intros x Hx. assert (B : x ^ n <= 1) by (rewrite <- (pow1 n); apply pow_incr; lra). change (x ^ G) with (x * (x * x ^ n)). apply Rmult_le_compat_l; [lra |]. apply Rle_trans with (x * 1); [apply Rmult_le_compat_l; lra | lra]. }
    assert (A1 := A p Hp). assert (A2 := A (1 - p) ltac:(lra)). assert (0 < p * (1 - p)) by (apply Rmult_lt_0_compat; lra). lra. }
  assert (E : mean = (p - p ^ G) / (1 - p ^ G - (1 - p) ^ G)) by (unfold mean; rewrite N, D; reflexivity). split; [exact E |]. rewrite E.
  assert (Diff : (p - p ^ G) / (1 - p ^ G - (1 - p) ^ G) - p = p * (1 - p) * ((1 - p) ^ S n - p ^ S n) / (1 - p ^ G - (1 - p) ^ G)).
  { assert (P1 : p ^ G = p * p ^ S n) by reflexivity. assert (P2 : (1 - p) ^ G = (1 - p) * (1 - p) ^ S n) by reflexivity. field_simplify_eq; [| lra]. rewrite P1, P2. ring. }
  assert (Sgn : forall x, 0 < x -> 0 < p * (1 - p) * x / (1 - p ^ G - (1 - p) ^ G)) by (intros x Hx; apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat; lra | assumption] | assumption]).
  assert (Up : p < 1 / 2 -> p < (p - p ^ G) / (1 - p ^ G - (1 - p) ^ G)).
  { intros H. assert (X := strict_powers p (1 - p) n ltac:(lra) ltac:(lra)). assert (Y := Sgn ((1 - p) ^ S n - p ^ S n) ltac:(lra)). lra. }
  assert (Dn : 1 / 2 < p -> (p - p ^ G) / (1 - p ^ G - (1 - p) ^ G) < p).
  { intros H. assert (X := strict_powers (1 - p) p n ltac:(lra) ltac:(lra)). assert (Y := Sgn (p ^ S n - (1 - p) ^ S n) ltac:(lra)).
    replace (p * (1 - p) * ((1 - p) ^ S n - p ^ S n) / (1 - p ^ G - (1 - p) ^ G)) with (- (p * (1 - p) * (p ^ S n - (1 - p) ^ S n) / (1 - p ^ G - (1 - p) ^ G))) in Diff by (field; lra). lra. }
  assert (Mid : p = 1 / 2 -> (p - p ^ G) / (1 - p ^ G - (1 - p) ^ G) = p).
  { intros H. replace ((1 - p) ^ S n - p ^ S n) with 0 in Diff by (rewrite H; replace (1 - 1 / 2) with (1 / 2) by field; ring). unfold Rdiv at 2 in Diff. rewrite Rmult_0_r, Rmult_0_l in Diff. lra. }
  split; split; try assumption; intros H; destruct (Rtotal_order p (1 / 2)) as [L | [e | L]]; try assumption; exfalso; first [specialize (Up L); lra | specialize (Dn L); lra | specialize (Mid e); lra].
Qed.

(* ---- the best group size at a fixed budget of rollouts: RLOO over budget / G prompts; vx = tr Var over prompts of the gradient,
   a = E (M - |grad|^2), c = E (Var Gamma + |grad|^2) as in B10 ---- *)
Definition estimator_variance_at budget vx a c G := G / budget * (vx + (a / G + c / (G * (G - 1)))).
Theorem best_group_size budget vx a c G : 0 < budget -> 0 < vx -> 0 < c -> 1 < G ->
  let best := 1 + sqrt (c / vx) in estimator_variance_at budget vx a c best <= estimator_variance_at budget vx a c G
  /\ (G <> best -> estimator_variance_at budget vx a c best < estimator_variance_at budget vx a c G).
Proof.
  intros Hb Hv Hc HG best. assert (Q : 0 < c / vx) by (apply Rdiv_lt_0_compat; assumption). assert (S := sqrt_lt_R0 _ Q). set (s := sqrt (c / vx)) in *.
  assert (Ec : c = vx * (s * s)) by (unfold s; rewrite sqrt_sqrt by lra; field; lra).
  assert (F : forall x, 1 < x -> estimator_variance_at budget vx a c x = / budget * (vx * x + a + c / (x - 1))) by (intros x Hx; unfold estimator_variance_at; field; lra).
  assert (E : estimator_variance_at budget vx a c G - estimator_variance_at budget vx a c best = / budget * (vx * (G - 1 - s)^2 / (G - 1))).
  { rewrite (F G HG), (F best) by (unfold best; lra). rewrite Ec. unfold best. field. repeat split; lra. }
  assert (B : 0 < / budget) by (apply Rinv_0_lt_compat; assumption). assert (N : 0 <= vx * (G - 1 - s)^2 / (G - 1)) by (apply Rmult_le_pos; [apply Rmult_le_pos; [lra | apply pow2_ge_0] | left; apply Rinv_0_lt_compat; lra]).
  assert (0 <= / budget * (vx * (G - 1 - s)^2 / (G - 1))) by (apply Rmult_le_pos; lra). split; [lra |]. intros Hne.
  assert (0 < vx * (G - 1 - s)^2 / (G - 1)) by (apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; [assumption | apply pow2_gt_0; unfold best in Hne; lra] | lra]).
  assert (0 < / budget * (vx * (G - 1 - s)^2 / (G - 1))) by (apply Rmult_lt_0_compat; assumption). lra.
Qed.

(* ---- MaxRL: dividing by the number of successes ascends the sum of pass@k / k for k = 1..G ---- *)
Definition maxrl {A D} (r : A -> R) (g : A -> D -> R) k (w : list A) := sum_over (fun a => r a * g a k) w * / sum_over r w. (* 0 where no rollout succeeds *)
Definition pass_at k p := 1 - (1 - p) ^ k.
Definition maxrl_potential G p := sum_f_R0 (fun j => pass_at (S j) p / INR (S j)) (pred G).
Theorem maxrl_update {A D : Type} (acts : list A) (dims : list D) (pol : (D -> R) -> A -> R) (r : A -> R) (theta : D -> R) (g : A -> D -> R) (v : D -> R) G :
  differentiable_policy acts dims pol theta g -> is_gradient dims (objective acts pol r) theta v -> (forall a, In a acts -> r a = 0 \/ r a = 1) ->
  let p := objective acts pol r theta in 0 < p < 1 -> (1 <= G)%nat ->
  (forall k, In k dims -> group_expect acts pol theta G (maxrl r g k) = (1 - (1 - p) ^ G) / p * v k) /\ is_derive (maxrl_potential G) p ((1 - (1 - p) ^ G) / p).
Proof.
  intros Hpol Hv Hr p Hp HG. split.
  - intros k Hk. unfold group_expect. assert (H1 : sum_over (pol theta) acts = 1) by (destruct Hpol as [_ [H _]]; apply H).
    rewrite (EK_ext acts (pol theta) G (maxrl r g k) (fun w => sum_over (fun a => r a * g a k) w * / sum_over r w)) by reflexivity.
    rewrite (correct_scores acts (pol theta) H1 r (fun a => g a k) Hr Hp G Rinv). fold p. change (sum_over (fun a => pol theta a * r a) acts) with p.
    rewrite (EB_ext p G _ (fun j => 1 + (-1) * is_zero j)).
    + rewrite EB_plus, EB_scal, EB_const, EB_is_zero. unfold class_mean1. change (sum_over (fun a => pol theta a * r a) acts) with p.
      rewrite (gradient_eq acts dims pol theta g Hpol r v Hv k Hk). rewrite (sum_ext (fun a => pol theta a * (r a * g a k)) (fun a => pol theta a * (g a k * r a))) by (intros; ring). field. lra.
    + intros j _. destruct (is_zero_spec j) as [[-> ->] | [nz ->]]; [change (INR 0) with 0; ring | field; apply not_0_INR; assumption].
  - assert (Dm : forall m x, is_derive (fun p => sum_f_R0 (fun j => pass_at (S j) p / INR (S j)) m) x (sum_f_R0 (fun j => (1 - x) ^ j) m)).
    { assert (One : forall j x, is_derive (fun p => pass_at (S j) p / INR (S j)) x ((1 - x) ^ j)).
      { intros j x. assert (HJ : 0 < INR (S j)) by (apply lt_0_INR; lia). unfold pass_at. set (c := INR (S j)) in *. apply (derive_ext (fun p => / c - / c * (1 - p) ^ S j)); [intros; field; lra |].
        auto_derive; [trivial |]. replace (match j with O => 1 | S _ => INR j + 1 end) with c by reflexivity. change (pred (S j)) with j. replace (1 + - x) with (1 - x) by ring. field. lra. }
      induction m; intros x; [exact (One O x) |]. cbn [sum_f_R0]. apply (is_derive_plus (fun p => sum_f_R0 (fun j => pass_at (S j) p / INR (S j)) m) (fun p => pass_at (S (S m)) p / INR (S (S m)))); [apply IHm | apply One]. }
    assert (Geo : forall m, p * sum_f_R0 (fun j => (1 - p) ^ j) m = 1 - (1 - p) ^ S m) by (induction m; [simpl; ring |]; rewrite tech5, Rmult_plus_distr_l, IHm; simpl; ring).
    eapply derive_value; [| apply Dm]. real_equation. apply Rmult_eq_reg_l with p; [| lra]. rewrite Geo. replace (S (pred G)) with G by lia. field. lra.
Qed.

(* ---- a rare correct mode of chance eps inside a mixed group: the chance that the group is mixed and misses it ---- *)
Fixpoint all_of {A} (f : A -> R) (w : list A) : R := match w with [] => 1 | a :: t => f a * all_of f t end.
Definition missed p eps G := (1 - eps) ^ G - (p - eps) ^ G - (1 - p) ^ G.
Section RareMode.
Context {A : Type} (l : list A) (q r c : A -> R). (* chances, correctness, membership of the mode *)
Hypothesis H1 : sum_over q l = 1.
Hypothesis Hr : forall a, In a l -> r a = 0 \/ r a = 1.
Hypothesis Hc : forall a, In a l -> c a = 0 \/ c a = 1.
Hypothesis Hcr : forall a, In a l -> c a = 1 -> r a = 1.
Lemma chance_of_all f K : EK l q K (all_of f) = (sum_over (fun a => q a * f a) l) ^ K.
Proof.
  induction K; [reflexivity |]. cbn [EK]. rewrite (sum_ext _ (fun a => (sum_over (fun a => q a * f a) l) ^ K * (q a * f a))); [rewrite sum_scal; simpl; ring |].
  intros a _. rewrite (EK_linear l q K [(f a, all_of f)]) by (intros; cbn; ring). cbn [comb_EK]. rewrite IHK. ring.
Qed.
(* indicator: no draw of the mode, not all correct, not all wrong *)
Definition misses w := all_of (fun a => 1 - c a) w * (1 - all_of r w) * (1 - all_of (fun a => 1 - r a) w).
Lemma misses_split w : w <> [] -> (forall a, In a w -> In a l) -> misses w = all_of (fun a => 1 - c a) w - all_of (fun a => r a - c a) w - all_of (fun a => 1 - r a) w.
Proof.
  intros Hw Hin. assert (E1 : all_of (fun a => 1 - c a) w * all_of r w = all_of (fun a => r a - c a) w).
  { clear Hw. induction w as [|a w IH]; [cbn; ring |]. cbn [all_of]. rewrite <- IH by (intros; apply Hin; right; assumption). assert (Ha := Hin a (or_introl eq_refl)).
    destruct (Hc a Ha) as [e | e]; rewrite ?(Hcr a Ha e), e; ring. }
  assert (E2 : all_of (fun a => 1 - c a) w * all_of (fun a => 1 - r a) w = all_of (fun a => 1 - r a) w).
  { clear Hw E1. induction w as [|a w IH]; [cbn; ring |]. cbn [all_of]. rewrite <- IH at 2 by (intros; apply Hin; right; assumption). assert (Ha := Hin a (or_introl eq_refl)).
    destruct (Hc a Ha) as [e | e]; rewrite ?(Hcr a Ha e), e; ring. }
  assert (E3 : all_of r w * all_of (fun a => 1 - r a) w = 0).
  { destruct w as [|a w]; [contradiction |]. cbn [all_of]. destruct (Hr a (Hin a (or_introl eq_refl))) as [-> | ->]; ring. }
  unfold misses. replace (all_of (fun a => 1 - c a) w * (1 - all_of r w) * (1 - all_of (fun a => 1 - r a) w))
    with (all_of (fun a => 1 - c a) w - all_of (fun a => 1 - c a) w * all_of r w - all_of (fun a => 1 - c a) w * all_of (fun a => 1 - r a) w + all_of (fun a => 1 - c a) w * (all_of r w * all_of (fun a => 1 - r a) w)) by ring.
  rewrite E1, E2, E3. ring.
Qed.
Theorem rare_mode_missed G : (1 <= G)%nat -> EK l q G misses = missed (sum_over (fun a => q a * r a) l) (sum_over (fun a => q a * c a) l) G.
Proof.
  intros HG. rewrite (EK_ext_group l q G misses (fun w => all_of (fun a => 1 - c a) w - all_of (fun a => r a - c a) w - all_of (fun a => 1 - r a) w)).
  - rewrite (EK_linear l q G [(1, all_of (fun a => 1 - c a)); (-1, all_of (fun a => r a - c a)); (-1, all_of (fun a => 1 - r a))]) by (intros; cbn [comb]; ring).
    cbn [comb_EK]. rewrite !chance_of_all.
    rewrite (sum_comb [(1, q); (-1, fun a => q a * c a)] (fun a => q a * (1 - c a))) by (intros; cbn [comb]; ring). rewrite (sum_comb [(1, fun a => q a * r a); (-1, fun a => q a * c a)] (fun a => q a * (r a - c a))) by (intros; cbn [comb]; ring).
    rewrite (sum_comb [(1, q); (-1, fun a => q a * r a)] (fun a => q a * (1 - r a))) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite H1. unfold missed.
    set (P := sum_over (fun a => q a * r a) l). set (e := sum_over (fun a => q a * c a) l).
    replace (1 * 1 + (-1 * e + 0)) with (1 - e) by ring. replace (1 * P + (-1 * e + 0)) with (P - e) by ring. replace (1 * 1 + (-1 * P + 0)) with (1 - P) by ring. ring.
  - intros w Hw Hin. apply misses_split; [intros ->; cbn in Hw; lia | exact Hin].
Qed.
End RareMode.
Theorem rare_mode_not_monotone : missed (1 / 2) (2 / 5) 1 < missed (1 / 2) (2 / 5) 2 /\ missed (1 / 2) (2 / 5) 3 < missed (1 / 2) (2 / 5) 2.
Proof. unfold missed. split; lra. Qed.

(* ---- allocation: n x rollouts for a prompt whose estimator has variance a x / n x; the sum is least where n x ~ sqrt (a x) ---- *)
Theorem square_root_allocation {X : Type} (pool : list X) (a n : X -> R) budget : (forall x, In x pool -> 0 <= a x) -> (forall x, In x pool -> 0 < n x) -> sum_over n pool = budget -> 0 < budget ->
  (sum_over (fun x => sqrt (a x)) pool)^2 / budget <= sum_over (fun x => a x / n x) pool
  /\ (forall s, s = sum_over (fun x => sqrt (a x)) pool -> (forall x, In x pool -> n x = budget * sqrt (a x) / s) -> sum_over (fun x => a x / n x) pool = s ^2 / budget).
Proof.
  intros Ha Hn Hb Hpos. split.
  - assert (C := cauchy_schwarz (fun _ => 1) (fun x => sqrt (a x / n x)) (fun x => sqrt (n x)) pool (fun _ _ => Rle_0_1)). cbv beta in C.
    rewrite (sum_ext (fun x => 1 * sqrt (a x / n x) * sqrt (n x)) (fun x => sqrt (a x))) in C.
    2:{ intros x Hx. rewrite Rmult_1_l, <- sqrt_mult_alt by (apply Rmult_le_pos; [apply Ha; assumption | left; apply Rinv_0_lt_compat, Hn; assumption]). f_equal. specialize (Hn x Hx). field. lra. }
    rewrite (sum_ext (fun x => 1 * sqrt (a x / n x) ^2) (fun x => a x / n x)) in C by (intros x Hx; rewrite Rmult_1_l, pow2_sqrt; [reflexivity | apply Rmult_le_pos; [apply Ha; assumption | left; apply Rinv_0_lt_compat, Hn; assumption]]).
    rewrite (sum_ext (fun x => 1 * sqrt (n x) ^2) n) in C by (intros x Hx; rewrite Rmult_1_l, pow2_sqrt; [reflexivity | left; apply Hn; assumption]). rewrite Hb in C.
    apply Rmult_le_reg_r with budget; [assumption |]. unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. exact C.
  - intros s Es En. rewrite (sum_ext _ (fun x => s / budget * sqrt (a x))).
    + rewrite sum_scal, <- Es. field. lra.
    + intros x Hx. assert (N0 := Hn x Hx). assert (Q := En x Hx). assert (A0 := sqrt_sqrt (a x) (Ha x Hx)). assert (s <> 0) by (intros ->; unfold Rdiv in Q; rewrite Rinv_0, Rmult_0_r in Q; lra).
      assert (sqrt (a x) <> 0) by (intros e; rewrite e in Q; unfold Rdiv in Q; rewrite Rmult_0_r, Rmult_0_l in Q; lra). rewrite Q. set (t := sqrt (a x)) in *. rewrite <- A0. field. repeat split; lra.
Qed.
