(* L05 (Davis and Recht): the mean whitened update is the gradient of h_M of the pass rate, h_M' = w_M, and h_M tends to
   2 arcsin sqrt t, for every group size M = n + 2 and every differentiable policy. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Calculus Pools GroupGain GainShape BinomialMeans GainBounds Policy GroupUpdate SignalToNoise.
Import ListNotations.
Open Scope R_scope.
(* the incomplete beta function I_t(a, b) = int_0^t x^(a-1) (1-x)^(b-1) dx / int_0^1 of the same *)
Definition beta_kernel a b x := x ^ (a - 1) * (1 - x) ^ (b - 1).
Definition incomplete_beta t a b := RInt (beta_kernel a b) 0 t / RInt (beta_kernel a b) 0 1.
(* whitened advantages of a correct and of a wrong rollout beside s correct others in a group of M; a silent group gives 0 *)
Definition correct_advantage M s := (1 - INR (S s) / INR M) / deviation M (S s). (* b_s *)
Definition wrong_advantage M s := (0 - INR s / INR M) / deviation M s. (* a_s *)
Definition h M t := / INR M * sum_over (fun s => (correct_advantage M s - wrong_advantage M s) * incomplete_beta t (s + 1) (M - s)) (seq 0 M).
Definition h_slope M t := sum_over (fun s => (correct_advantage M s - wrong_advantage M s) * (Binomial.C (M - 1) s * t ^ s * (1 - t) ^ (M - 1 - s))) (seq 0 M).
Section Size.
Variable n : nat.
Notation M := (S (S n)).
(* the chance of more than s successes in M draws *)
Definition tail s t := EB t M (fun j => if le_lt_dec j s then 0 else 1).
Lemma tail_derive s t : (s < M)%nat -> is_derive (tail s) t (INR M * (Binomial.C (S n) s * beta_kernel (s + 1) (M - s) t)).
Proof.
  intros Hs. evar_last; [apply (EB_derive M) |]. cbn iota. f_equal. rewrite EB_is_binomial_mean. unfold binomial_mean. rewrite sum_f_R0_over.
  rewrite (sum_ext _ (fun j => if Nat.eq_dec j s then Binomial.C (S n) j * t ^ j * (1 - t) ^ (S n - j) else 0)).
  - rewrite (sum_one (fun j => Binomial.C (S n) j * t ^ j * (1 - t) ^ (S n - j))) by (try apply seq_NoDup; apply in_seq; lia).
    unfold beta_kernel. replace (s + 1 - 1)%nat with s by lia. replace (M - s - 1)%nat with (S n - s)%nat by lia. ring.
  - intros j _. unfold Delta. destruct (le_lt_dec (S j) s), (le_lt_dec j s), (Nat.eq_dec j s); try lia; ring.
Qed.
Lemma kernel_integral s t : (s < M)%nat -> RInt (beta_kernel (s + 1) (M - s)) 0 t = tail s t / (INR M * Binomial.C (S n) s).
Proof.
  intros Hs. assert (m0 : INR M <> 0) by (apply not_0_INR; lia). assert (c0 := C_pos (S n) s).
  assert (D : forall x, is_derive (fun t => tail s t / (INR M * Binomial.C (S n) s)) x (beta_kernel (s + 1) (M - s) x)).
  { intros x. apply (is_derive_ext (fun t => scal (/ (INR M * Binomial.C (S n) s)) (tail s t))); [intros; unfold scal; cbn; unfold mult; cbn; unfold Rdiv; ring |].
    evar_last; [apply (is_derive_scal (tail s)); apply tail_derive; assumption |]. unfold scal; cbn -[INR]; unfold mult; cbn -[INR]. field. split; first [assumption | lra]. }
  apply is_RInt_unique.
  replace (tail s t / (INR M * Binomial.C (S n) s)) with (minus (tail s t / (INR M * Binomial.C (S n) s)) (tail s 0 / (INR M * Binomial.C (S n) s))).
  - apply (is_RInt_derive (fun t => tail s t / (INR M * Binomial.C (S n) s)) (beta_kernel (s + 1) (M - s))); [intros; apply D |].
    intros x _. apply (@ex_derive_continuous R_AbsRing R_NormedModule). unfold beta_kernel. auto_derive. trivial.
  - unfold tail. rewrite (EB_at_0 M). destruct (le_lt_dec 0 s); [| lia]. unfold minus, plus, opp; cbn -[INR]. unfold Rdiv. ring.
Qed.
Lemma beta_is_tail s t : (s < M)%nat -> incomplete_beta t (s + 1) (M - s) = tail s t.
Proof.
  intros Hs. unfold incomplete_beta. rewrite !kernel_integral by assumption.
  assert (E1 : tail s 1 = 1) by (unfold tail; rewrite EB_at_1; destruct (le_lt_dec M s); [lia | reflexivity]). rewrite E1.
  assert (m0 : INR M <> 0) by (apply not_0_INR; lia). assert (c0 := C_pos (S n) s). field. split; first [assumption | lra].
Qed.
Lemma h_as_tails t : h M t = / INR M * sum_over (fun s => (correct_advantage M s - wrong_advantage M s) * tail s t) (seq 0 M).
Proof. unfold h. f_equal. apply sum_ext. intros s Hs. apply in_seq in Hs. rewrite beta_is_tail by lia. reflexivity. Qed.
(* the derivative of h_M *)
Lemma h_derive t : is_derive (h M) t (h_slope M t).
Proof.
  apply (is_derive_ext (fun t => scal (/ INR M) (sum_over (fun s => (correct_advantage M s - wrong_advantage M s) * tail s t) (seq 0 M)))); [intros; symmetry; apply h_as_tails |].
  evar_last.
  - apply (is_derive_scal (fun t => sum_over (fun s => (correct_advantage M s - wrong_advantage M s) * tail s t) (seq 0 M))).
    apply (sum_derive (fun s t => (correct_advantage M s - wrong_advantage M s) * tail s t) (fun s => (correct_advantage M s - wrong_advantage M s) * (INR M * (Binomial.C (S n) s * beta_kernel (s + 1) (M - s) t)))).
    intros s Hs. apply in_seq in Hs. apply (is_derive_scal (tail s)). apply tail_derive. lia.
  - rewrite <- sum_scal. unfold h_slope. apply sum_ext. intros s Hs. apply in_seq in Hs.
    replace (M - 1 - s)%nat with (S n - s)%nat by lia. replace (M - 1)%nat with (S n) by lia. unfold beta_kernel. replace (s + 1 - 1)%nat with s by lia. replace (M - s - 1)%nat with (S n - s)%nat by lia.
    field. apply not_0_INR. lia.
Qed.
(* h_M' = w_M *)
Theorem h_slope_is_group_gain t : h_slope M t = w t n.
Proof.
  unfold w. rewrite (EB_raise t n), EB_is_binomial_mean. unfold binomial_mean. rewrite sum_f_R0_over. unfold h_slope. replace (M - 1)%nat with (S n) by lia.
  apply sum_ext. intros s Hs. apply in_seq in Hs. rewrite Rmult_comm. f_equal.
  assert (Hn := pos_INR n). assert (Hm : INR M = INR n + 2) by (rewrite !S_INR; ring). assert (Hs0 := pos_INR s). assert (Hle : INR s <= INR n + 1) by (rewrite <- S_INR; apply le_INR; lia).
  assert (Dev : forall x, 0 <= x -> x <= INR n + 2 -> sqrt (x / (INR n + 2) * (1 - x / (INR n + 2))) = sqrt (x * (INR n + 2 - x)) / (INR n + 2)).
  { intros x X0 X1. replace (x / (INR n + 2) * (1 - x / (INR n + 2))) with (x * (INR n + 2 - x) / (INR n + 2)^2) by (field; lra).
    rewrite sqrt_div_alt by (apply pow_lt; lra). rewrite sqrt_pow2 by lra. reflexivity. }
  unfold correct_advantage, wrong_advantage, deviation. rewrite Hm, (S_INR s), !Dev by lra. rewrite (S_INR n).
  assert (Right : (1 - (INR s + 1) / (INR n + 2)) / (sqrt ((INR s + 1) * (INR n + 2 - (INR s + 1))) / (INR n + 2)) = (INR n + 1 - INR s) * / sqrt ((INR s + 1) * (INR n + 1 - INR s))).
  { replace (INR n + 2 - (INR s + 1)) with (INR n + 1 - INR s) by ring. destruct (Req_dec (INR n + 1 - INR s) 0) as [e | ne].
    - rewrite e. replace (1 - (INR s + 1) / (INR n + 2)) with 0 by (replace (INR s + 1) with (INR n + 2) by lra; field; lra). unfold Rdiv. ring.
    - assert (0 < sqrt ((INR s + 1) * (INR n + 1 - INR s))) by (apply sqrt_lt_R0, Rmult_lt_0_compat; lra). field. split; lra. }
  assert (Wrong : (0 - INR s / (INR n + 2)) / (sqrt (INR s * (INR n + 2 - INR s)) / (INR n + 2)) = - (INR s * / sqrt (INR s * (INR n + 2 - INR s)))).
  { destruct (Req_dec (INR s) 0) as [e | ne]; [rewrite e; unfold Rdiv; ring |].
    assert (0 < sqrt (INR s * (INR n + 2 - INR s))) by (apply sqrt_lt_R0, Rmult_lt_0_compat; lra). field. split; lra. }
  rewrite Right, Wrong. destruct s as [|s].
  - simpl (INR 0). simpl pred. replace ((0 + 1) * (INR n + 1 - 0)) with (INR n + 1) by ring. rewrite !Rmult_0_l. assert (0 < sqrt (INR n + 1)) by (apply sqrt_lt_R0; lra). field. split; lra.
  - simpl pred. rewrite (S_INR s) in *. assert (H := pos_INR s).
    replace ((INR s + 1) * (INR n + 2 - (INR s + 1))) with ((INR s + 1) * (INR n + 1 - INR s)) by ring.
    assert (0 < sqrt ((INR s + 1) * (INR n + 1 - INR s))) by (apply sqrt_lt_R0, Rmult_lt_0_compat; lra).
    destruct (Req_dec (INR n + 1 - (INR s + 1)) 0) as [e | ne]; [rewrite e, !Rmult_0_l; field; split; lra |].
    assert (0 < sqrt ((INR s + 1 + 1) * (INR n + 1 - (INR s + 1)))) by (apply sqrt_lt_R0, Rmult_lt_0_compat; lra). field. repeat split; lra.
Qed.
Lemma h_derive_gain t : is_derive (h M) t (w t n).
Proof. rewrite <- h_slope_is_group_gain. apply h_derive. Qed.
Lemma h_at_0 : h M 0 = 0.
Proof.
  rewrite h_as_tails. rewrite (sum_ext _ (fun _ => 0)); [rewrite sum_zero; ring |]. intros s _. unfold tail. rewrite EB_at_0. destruct (le_lt_dec 0 s); [ring | lia].
Qed.
Lemma gain_nonneg t : 0 <= t <= 1 -> 0 <= w t n.
Proof.
  intros Ht. rewrite <- (EB_const t n 0). apply EB_le; [assumption |]. intros j Hj. apply le_INR in Hj. assert (H := pos_INR j). assert (Hn := pos_INR n).
  apply Rmult_le_pos; [lra |]. left. apply Rinv_0_lt_compat, sqrt_lt_R0, Rmult_lt_0_compat; lra.
Qed.
(* in the angle t = sin^2 x the slope of h_M is 2 w_M sqrt(t (1 - t)) *)
Definition angle_slope x := 2 * (w (sin x ^2) n * (sin x * cos x)).
Lemma angle_derive x : is_derive (fun x => h M (sin x ^2)) x (angle_slope x).
Proof.
  evar_last.
  - apply (is_derive_comp (h M) (fun x => sin x ^2)); [apply h_derive_gain | auto_derive; [trivial | reflexivity]].
  - unfold angle_slope, scal; cbn; unfold mult; cbn. ring.
Qed.
Lemma sin_cos x : sin x ^2 * (1 - sin x ^2) = (sin x * cos x)^2.
Proof. assert (E := sin2_cos2 x). unfold Rsqr in E. replace (1 - sin x ^2) with (cos x * cos x) by lra. ring. Qed.
Lemma sin_range x : 0 <= x <= PI / 2 -> 0 <= sin x <= 1 /\ 0 <= cos x.
Proof.
  intros Hx. assert (P := PI_RGT_0). split; [split; [apply sin_ge_0; lra | apply SIN_bound] | apply cos_ge_0; lra].
Qed.
Lemma angle_slope_range x : 0 <= x <= PI / 2 -> 0 <= angle_slope x <= 2.
Proof.
  intros Hx. destruct (sin_range x Hx) as [[s0 s1] c0]. assert (t01 : 0 <= sin x ^2 <= 1) by (split; [apply pow2_ge_0 | nra]).
  assert (W := gain_nonneg _ t01). assert (q0 : 0 <= sin x * cos x) by (apply Rmult_le_pos; assumption).
  split; [unfold angle_slope; apply Rmult_le_pos; [lra | apply Rmult_le_pos; assumption] |].
  unfold angle_slope. assert (w (sin x ^2) n * (sin x * cos x) <= 1); [| lra].
  destruct (Req_dec (sin x * cos x) 0) as [e | ne]; [rewrite e; lra |].
  assert (Q := sin_cos x). assert (qp : 0 < (sin x * cos x)^2) by (apply pow_lt; lra).
  assert (t1 : 0 < sin x ^2 < 1). { rewrite <- Q in qp. destruct t01. split; [destruct (Req_dec (sin x ^2) 0) as [e |]; [rewrite e in qp; lra | lra] | destruct (Req_dec (sin x ^2) 1) as [e |]; [rewrite e in qp; lra | lra]]. }
  assert (U := group_gain_upper_bracket n (sin x ^2) t1). cbv zeta in U. rewrite Q in U. assert (Hn := pos_INR n).
  apply Rsqr_incr_0_var; [| lra]. rewrite Rsqr_mult, !Rsqr_pow2.
  assert (U2 : w (sin x ^2) n ^2 <= (INR n + 2 - 1) / ((INR n + 2) * (sin x * cos x)^2)).
  { rewrite <- (Rsqr_sqrt ((INR n + 2 - 1) / ((INR n + 2) * (sin x * cos x)^2))), Rsqr_pow2; [apply pow_incr; lra |].
    apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra]. }
  apply Rle_trans with ((INR n + 2 - 1) / ((INR n + 2) * (sin x * cos x)^2) * (sin x * cos x)^2); [apply Rmult_le_compat_r; lra |].
  replace ((INR n + 2 - 1) / ((INR n + 2) * (sin x * cos x)^2) * (sin x * cos x)^2) with (1 - / (INR n + 2)) by (clear - qp Hn ne; set (q := sin x * cos x) in *; field; split; lra).
  assert (0 < / (INR n + 2)) by (apply Rinv_0_lt_compat; lra). lra.
Qed.
(* the slope is at least its value at e on [e, pi/2 - e], because w_M sqrt(t (1 - t)) grows with t (1 - t) *)
Lemma angle_slope_grows e x : 0 < e -> e <= x -> x <= PI / 2 - e -> angle_slope e <= angle_slope x.
Proof.
  intros He Hx Hx2. assert (P := PI_RGT_0). destruct (sin_range e ltac:(lra)) as [[s0 s1] c0]. destruct (sin_range x ltac:(lra)) as [[s0' s1'] c0'].
  assert (sp : forall y, 0 < y < PI / 2 -> 0 < sin y ^2 < 1).
  { intros y Hy. assert (0 < sin y) by (apply sin_gt_0; lra). assert (0 < cos y) by (apply cos_gt_0; lra). assert (E := sin2_cos2 y). unfold Rsqr in E. split; nra. }
  assert (Low : forall a b, 0 < a -> a <= b -> b <= 1 / 2 -> w a n * sqrt (a * (1 - a)) <= w b n * sqrt (b * (1 - b))).
  { intros a b Ha Hab Hb. assert (R := deviation_ratio_grows M ltac:(lia) a b Ha Hab Hb). rewrite <- !form_is, !mean_deviation_is_push in R by lia.
    assert (qa : 0 < a * (1 - a)) by (apply Rmult_lt_0_compat; lra). assert (qb : 0 < b * (1 - b)) by (apply Rmult_lt_0_compat; lra).
    replace ((a * (1 - a) * w a n)^2 / (a * (1 - a))) with (w a n ^2 * (a * (1 - a))) in R by (field; lra).
    replace ((b * (1 - b) * w b n)^2 / (b * (1 - b))) with (w b n ^2 * (b * (1 - b))) in R by (field; lra).
    apply Rsqr_incr_0_var; [rewrite !Rsqr_mult, !Rsqr_sqrt by lra; rewrite !Rsqr_pow2; exact R | apply Rmult_le_pos; [apply gain_nonneg; lra | apply sqrt_pos]]. }
  assert (Root : forall y, 0 <= y <= PI / 2 -> sin y * cos y = sqrt (sin y ^2 * (1 - sin y ^2))).
  { intros y Hy. destruct (sin_range y Hy) as [[a0 _] b0]. rewrite sin_cos. symmetry. apply sqrt_pow2. apply Rmult_le_pos; assumption. }
  unfold angle_slope. apply Rmult_le_compat_l; [lra |]. rewrite !Root by lra.
  set (a := sin e ^2). set (b := sin x ^2). assert (Ha : 0 < a < 1) by (apply sp; lra). assert (Hb : 0 < b < 1) by (apply sp; lra).
  assert (ab : a <= b). { unfold a, b. apply pow_incr. split; [assumption |]. destruct (Req_dec e x) as [-> | ne]; [lra |]. left. apply sin_increasing_1; lra. }
  assert (ba : b <= 1 - a).
  { assert (S1 : sin x <= cos e). { rewrite <- (sin_shift e). destruct (Req_dec x (PI / 2 - e)) as [-> | ne]; [lra |]. left. apply sin_increasing_1; lra. }
    assert (E := sin2_cos2 e). unfold Rsqr in E. unfold a, b. assert (sin x ^2 <= cos e ^2) by (apply pow_incr; lra). lra. }
  destruct (Rle_lt_dec b (1 / 2)) as [l | g]; [apply Low; lra |].
  rewrite (group_gain_symmetric n b). replace (b * (1 - b)) with ((1 - b) * (1 - (1 - b))) by ring. apply Low; lra.
Qed.
Lemma angle_upper x : 0 <= x <= PI / 2 -> h M (sin x ^2) <= 2 * x.
Proof.
  intros Hx. assert (B := Calculus.nondecreasing (fun y => 2 * y - h M (sin y ^2)) (fun y => 2 - angle_slope y) 0 x (proj1 Hx)).
  cbv beta in B. rewrite sin_0 in B. replace (0 ^ 2) with 0 in B by ring. rewrite h_at_0 in B. assert (2 * 0 - 0 <= 2 * x - h M (sin x ^2)); [| lra].
  apply B.
  - intros y _. apply (is_derive_minus (fun y => 2 * y) (fun y => h M (sin y ^2))); [auto_derive; [trivial | ring] | apply angle_derive].
  - intros y Hy. destruct (angle_slope_range y ltac:(lra)). lra.
Qed.
Lemma angle_lower e x : 0 < e -> 2 * e <= x -> x <= PI / 2 -> angle_slope e * (x - 2 * e) <= h M (sin x ^2).
Proof.
  intros He Hx Hx2.
  assert (Mono : forall a b, 0 <= a -> a <= b -> b <= PI / 2 -> h M (sin a ^2) <= h M (sin b ^2)).
  { intros a b Ha Hab Hb. apply (Calculus.nondecreasing (fun y => h M (sin y ^2)) angle_slope a b Hab); [intros; apply angle_derive | intros; apply angle_slope_range; lra]. }
  assert (B := Calculus.nondecreasing (fun y => h M (sin y ^2) - angle_slope e * y) (fun y => angle_slope y - angle_slope e) e (x - e) ltac:(lra)).
  cbv beta in B. assert (h M (sin e ^2) - angle_slope e * e <= h M (sin (x - e) ^2) - angle_slope e * (x - e)).
  { apply B.
    - intros y _. apply (is_derive_minus (fun y => h M (sin y ^2)) (fun y => angle_slope e * y)); [apply angle_derive | auto_derive; [trivial | ring]].
    - intros y Hy. assert (G := angle_slope_grows e y He ltac:(lra) ltac:(lra)). lra. }
  assert (M1 := Mono (x - e) x ltac:(lra) ltac:(lra) Hx2). assert (M0 := Mono 0 e ltac:(lra) ltac:(lra) ltac:(lra)). rewrite sin_0 in M0. replace (0 ^ 2) with 0 in M0 by ring. rewrite h_at_0 in M0. lra.
Qed.
End Size.
(* E ghat = grad h_M(p) *)
Theorem update_is_gradient {A D : Type} (acts : list A) (dims : list D) (pol : (D -> R) -> A -> R) (r : A -> R) (theta : D -> R) (g : A -> D -> R) (v : D -> R) n :
  differentiable_policy acts dims pol theta g -> is_gradient dims (objective acts pol r) theta v -> (forall a, In a acts -> r a = 0 \/ r a = 1) ->
  0 < objective acts pol r theta < 1 -> let M := S (S n) in
  is_gradient dims (fun th => h M (objective acts pol r th)) theta (fun k => group_expect acts pol theta M (whitened r g (INR M) k)).
Proof.
  intros Hpol Hv Hr HV M u. change (0 < GroupUpdate.expect acts pol theta r < 1) in HV.
  assert (E : dot dims (fun k => group_expect acts pol theta M (whitened r g (INR M) k)) u = w (objective acts pol r theta) n * dot dims v u).
  { unfold dot. rewrite <- sum_scal. apply sum_ext. intros k Hk. destruct (whitened_mean acts dims pol r theta g Hpol v Hv Hr HV n k Hk) as (Q & _ & _).
    unfold M. rewrite Q. change (GroupUpdate.expect acts pol theta r) with (objective acts pol r theta). ring. }
  rewrite E. evar_last.
  - apply (is_derive_comp (h M) (fun t => objective acts pol r (move theta u t))); [apply (h_derive_gain n) | apply Hv].
  - rewrite move_0. unfold scal; cbn; unfold mult; cbn. ring.
Qed.
(* h_M tends to 2 arcsin sqrt t as the group grows *)
Theorem h_arcsine_limit t : 0 <= t <= 1 -> is_lim_seq (fun n => h (S (S n)) t) (2 * asin (sqrt t)).
Proof.
  intros Ht. assert (P := PI_RGT_0). assert (s1 : 0 <= sqrt t <= 1) by (split; [apply sqrt_pos | rewrite <- sqrt_1; apply sqrt_le_1_alt; lra]).
  set (x := asin (sqrt t)). assert (Sx : sin x = sqrt t) by (apply sin_asin; lra).
  assert (Hx : 0 <= x <= PI / 2). { assert (Bx := asin_bound (sqrt t)). fold x in Bx. split; [| lra]. destruct (Rle_lt_dec 0 x) as [| neg]; [assumption | exfalso].
    assert (0 < sin (- x)) by (apply sin_gt_0; lra). rewrite sin_neg in H. lra. }
  assert (Et : t = sin x ^2) by (rewrite Sx, pow2_sqrt; lra).
  apply is_lim_seq_spec. intros eps. assert (Up : forall n, h (S (S n)) t <= 2 * x) by (intros n; rewrite Et; apply angle_upper; assumption).
  destruct (Req_dec x 0) as [z | nz].
  - exists 0%nat. intros n _. rewrite Et, z, sin_0. replace (0 ^ 2) with 0 by ring. rewrite h_at_0. replace (0 - 2 * 0) with 0 by ring. rewrite Rabs_R0. apply cond_pos.
  - set (e := Rmin (x / 4) (eps / 16)). assert (e0 : 0 < e) by (unfold e; assert (c := cond_pos eps); apply Rmin_pos; lra).
    assert (ex : e <= x / 4) by apply Rmin_l. assert (ee : e <= eps / 16) by apply Rmin_r.
    assert (q1 : 0 < sin e ^2 < 1).
    { assert (0 < sin e) by (apply sin_gt_0; lra). assert (0 < cos e) by (apply cos_gt_0; lra). assert (E := sin2_cos2 e). unfold Rsqr in E. split; nra. }
    assert (L := group_gain_limit (sin e ^2) q1). apply is_lim_seq_spec in L. assert (d0 : 0 < Rmin (/ 2) (eps / (8 * x))).
    { apply Rmin_pos; [lra |]. apply Rdiv_lt_0_compat; [apply cond_pos | lra]. }
    destruct (L (mkposreal _ d0)) as [N HN]. exists N. intros n Hn. specialize (HN n Hn). cbn [pos] in HN.
    assert (Root : sqrt (sin e ^2 * (1 - sin e ^2)) = sin e * cos e).
    { rewrite sin_cos. apply sqrt_pow2. destruct (sin_range e ltac:(lra)) as [[a0 _] b0]. apply Rmult_le_pos; assumption. }
    rewrite Root in HN. assert (A : angle_slope n e = 2 * (w (sin e ^2) n * (sin e * cos e))) by reflexivity.
    assert (Lo := angle_lower n e x e0 ltac:(lra) ltac:(lra)). rewrite <- Et in Lo. rewrite A in Lo. set (rho := w (sin e ^2) n * (sin e * cos e)) in *.
    assert (R1 := Rmin_l (/ 2) (eps / (8 * x))). assert (R2 := Rmin_r (/ 2) (eps / (8 * x))). set (d := Rmin (/ 2) (eps / (8 * x))) in *. clearbody d.
    apply Rabs_def2 in HN. destruct HN as [HN1 HN2]. assert (rl : 1 - d <= rho) by lra.
    assert (Q : 2 * (1 - d) * (x - 2 * e) <= 2 * rho * (x - 2 * e)) by (apply Rmult_le_compat_r; lra).
    assert (dx : d * x <= eps / 8). { apply Rle_trans with (eps / (8 * x) * x); [apply Rmult_le_compat_r; lra | right; field; lra]. }
    assert (de : 0 <= d * e) by (apply Rmult_le_pos; lra).
    specialize (Up n). apply Rabs_def1; lra.
Qed.
