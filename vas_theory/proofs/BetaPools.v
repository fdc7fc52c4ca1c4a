(* B50, B51: pass rates Beta(a, b) for all real a, b > 0, scores from any number N >= 2 of rollouts. The Beta mean is the improper
   Riemann integral against x^(a-1) (1-x)^(b-1) over (0, 1); that it exists is proved, not assumed. *)
Require Import Reals Lra Psatz Lia.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Calculus GroupGain GainShape BinomialMeans.
Open Scope R_scope.

Definition density a b x := Rpower x (a - 1) * Rpower (1 - x) (b - 1).
Definition integral_01 (f : R -> R) (l : R) := is_RInt_gen f (at_right 0) (at_left 1) l.
Definition beta_mean a b (f : R -> R) := RInt_gen (fun x => f x * density a b x) (at_right 0) (at_left 1) / RInt_gen (density a b) (at_right 0) (at_left 1).

(* ---- powers, continued by 0 to the left of 0 ---- *)
Definition power c x := if Rlt_dec 0 x then Rpower x c else 0.
Lemma power_positive c x : 0 < x -> power c x = Rpower x c.
Proof. intros H. unfold power. destruct (Rlt_dec 0 x); [reflexivity | contradiction]. Qed.
Lemma power_continuous c : 0 < c -> forall x, continuous (power c) x.
Proof.
  intros Hc x. destruct (Rtotal_order x 0) as [N | [Z | P]].
  - apply (continuous_ext_loc _ (fun _ => 0)); [| apply continuous_const].
    apply (filter_imp (fun y => y < 0)); [| apply (open_lt 0); exact N]. intros y Hy. unfold power. destruct (Rlt_dec 0 y); [lra | reflexivity].
  - subst x. apply filterlim_locally. intros eps. assert (Hd : 0 < Rpower eps (/ c)) by apply exp_pos. exists (mkposreal _ Hd). intros y Hy.
    unfold ball in *; simpl in *; unfold AbsRing_ball, abs, minus, plus, opp in *; simpl in *. unfold power. destruct (Rlt_dec 0 0) as [L | _]; [lra |].
    destruct (Rlt_dec 0 y) as [L | L]; [| replace (0 + - 0) with 0 by ring; rewrite Rabs_R0; apply cond_pos].
    replace (y + - 0) with y in Hy by ring. rewrite Rabs_pos_eq in Hy by lra. replace (Rpower y c + - 0) with (Rpower y c) by ring. rewrite Rabs_pos_eq by (left; apply exp_pos).
    replace (pos eps) with (Rpower (Rpower eps (/ c)) c) by (rewrite Rpower_mult, Rinv_l, Rpower_1; [reflexivity | apply cond_pos | lra]).
    apply Rlt_Rpower_l; [assumption | split; assumption].
  - apply (continuous_ext_loc _ (fun y => Rpower y c)).
    + apply (filter_imp (fun y => 0 < y)); [| apply (open_gt 0); exact P]. intros y Hy. symmetry. apply power_positive. exact Hy.
    + apply (@ex_derive_continuous R_AbsRing R_NormedModule). unfold Rpower. auto_derive. exact P.
Qed.
Definition bump a b x := power a x * power b (1 - x). (* x^a (1-x)^b on (0, 1), continued by 0 *)
Lemma bump_continuous a b : 0 < a -> 0 < b -> forall x, continuous (bump a b) x.
Proof.
  intros Ha Hb x. apply (continuous_mult (power a) (fun x => power b (1 - x))); [apply power_continuous; assumption |].
  apply (continuous_comp (fun x => 1 - x) (power b)); [| apply power_continuous; assumption].
  apply (@ex_derive_continuous R_AbsRing R_NormedModule). auto_derive. trivial.
Qed.
Lemma bump_inside a b x : 0 < x < 1 -> bump a b x = density (a + 1) (b + 1) x.
Proof. intros Hx. unfold bump, density. rewrite !power_positive by lra. f_equal; f_equal; ring. Qed.
Lemma bump_at_0 a b : bump a b 0 = 0.
Proof. unfold bump, power. destruct (Rlt_dec 0 0); [lra | ring]. Qed.
Lemma bump_at_1 a b : bump a b 1 = 0.
Proof. unfold bump, power. destruct (Rlt_dec 0 (1 - 1)); [lra | ring]. Qed.

(* ---- integrals over (0, 1) ---- *)
Lemma inside (P : R -> Prop) : (forall x, 0 < x < 1 -> P x) ->
  filter_prod (at_right 0) (at_left 1) (fun ab => forall x, Rmin (fst ab) (snd ab) <= x <= Rmax (fst ab) (snd ab) -> P x).
Proof.
  intros H. apply (Filter_prod _ _ _ (fun a => 0 < a < 1) (fun b => 0 < b < 1)).
  - assert (h : 0 < 1) by lra. exists (mkposreal 1 h). intros y Hy Hy0. unfold ball in Hy; simpl in Hy; unfold AbsRing_ball, abs, minus, plus, opp in Hy; simpl in Hy.
    apply Rabs_lt_between in Hy. lra.
  - assert (h : 0 < 1) by lra. exists (mkposreal 1 h). intros y Hy Hy0. unfold ball in Hy; simpl in Hy; unfold AbsRing_ball, abs, minus, plus, opp in Hy; simpl in Hy.
    apply Rabs_lt_between in Hy. lra.
  - intros a b Ha Hb x Hx. simpl in Hx. apply H. unfold Rmin, Rmax in Hx. destruct (Rle_dec a b); lra.
Qed.
Lemma integral_ext f h l : (forall x, 0 < x < 1 -> f x = h x) -> integral_01 f l -> integral_01 h l.
Proof.
  intros E. apply is_RInt_gen_ext. eapply filter_imp; [| apply (inside (fun x => f x = h x) E)]. intros ab H x Hx. apply H. lra.
Qed.
Lemma integral_lin f h l m c d : integral_01 f l -> integral_01 h m -> integral_01 (fun x => c * f x + d * h x) (c * l + d * m).
Proof. intros Hf Hh. apply (is_RInt_gen_plus (fun x => c * f x) (fun x => d * h x)); [apply (is_RInt_gen_scal f c); exact Hf | apply (is_RInt_gen_scal h d); exact Hh]. Qed.
(* the fundamental theorem for a primitive that is continuous at both ends *)
Lemma integral_primitive (F f h : R -> R) : (forall x, 0 < x < 1 -> is_derive F x (f x)) -> (forall x, 0 < x < 1 -> continuous f x) ->
  (forall x, 0 < x < 1 -> F x = h x) -> continuous h 0 -> continuous h 1 -> integral_01 f (h 1 - h 0).
Proof.
  intros HF Hf Hh H0 H1. apply (integral_ext (Derive F)); [intros x Hx; apply is_derive_unique, HF; assumption |].
  unfold integral_01. refine (is_RInt_gen_Derive F (h 0) (h 1) _ _ _ _).
  - apply (inside (fun x => ex_derive F x)). intros x Hx. eexists. apply HF. assumption.
  - apply (inside (fun x => continuous (Derive F) x)). intros x Hx. apply (continuous_ext_loc _ f); [| apply Hf; assumption].
    assert (O : locally x (fun y => 0 < y < 1)) by (apply filter_and; [apply (open_gt 0); lra | apply (open_lt 1); lra]).
    apply (filter_imp (fun y => 0 < y < 1)); [| exact O]. intros y Hy. symmetry. apply is_derive_unique, HF. assumption.
  - apply (filterlim_ext_loc h); [| refine (filterlim_filter_le_1 (F := locally 0) (G := at_right 0) h _ H0); apply filter_le_within; apply locally_filter].
    assert (p : 0 < 1) by lra. exists (mkposreal 1 p). intros y Hy Hy0. unfold ball in Hy; simpl in Hy; unfold AbsRing_ball, abs, minus, plus, opp in Hy; simpl in Hy.
    apply Rabs_lt_between in Hy. symmetry. apply Hh. lra.
  - apply (filterlim_ext_loc h); [| refine (filterlim_filter_le_1 (F := locally 1) (G := at_left 1) h _ H1); apply filter_le_within; apply locally_filter].
    assert (p : 0 < 1) by lra. exists (mkposreal 1 p). intros y Hy Hy0. unfold ball in Hy; simpl in Hy; unfold AbsRing_ball, abs, minus, plus, opp in Hy; simpl in Hy.
    apply Rabs_lt_between in Hy. symmetry. apply Hh. lra.
Qed.

(* ---- the Beta integral and its recursions ---- *)
Lemma power_step x c : 0 < x -> Rpower x (c + 1 - 1) = x * Rpower x (c - 1).
Proof. intros Hx. replace (c + 1 - 1) with (c - 1 + 1) by ring. rewrite Rpower_plus, Rpower_1 by assumption. ring. Qed.
Lemma power_up x c : 0 < x -> Rpower x c = x * Rpower x (c - 1).
Proof. intros Hx. rewrite <- power_step by assumption. f_equal. ring. Qed.
Lemma density_first a b x : 0 < x < 1 -> density (a + 1) b x = x * density a b x.
Proof. intros Hx. unfold density. rewrite power_step by lra. ring. Qed.
Lemma density_second a b x : 0 < x < 1 -> density a (b + 1) x = (1 - x) * density a b x.
Proof. intros Hx. unfold density. rewrite power_step by lra. ring. Qed.
Lemma density_positive a b x : 0 < density a b x.
Proof. apply Rmult_lt_0_compat; apply exp_pos. Qed.
Lemma density_continuous a b x : 0 < x < 1 -> continuous (density a b) x.
Proof. intros Hx. apply (@ex_derive_continuous R_AbsRing R_NormedModule). unfold density, Rpower. auto_derive. lra. Qed.
Lemma large_beta_integral a b : 0 < a -> 0 < b -> exists l, 0 < l /\ integral_01 (density (a + 1) (b + 1)) l.
Proof.
  intros Ha Hb. set (F := fun y => RInt (bump a b) 0 y). assert (DF : forall y, is_derive F y (bump a b y)) by (apply integral_derive, bump_continuous; assumption).
  assert (CF : forall y, continuous F y) by (intros y; apply (@ex_derive_continuous R_AbsRing R_NormedModule); eexists; apply DF).
  exists (F 1 - F 0). split.
  - assert (F 0 < F 1); [| lra]. apply (increasing F (bump a b)); [lra | intros; apply DF |]. intros x Hx. rewrite bump_inside by assumption. apply density_positive.
  - apply (integral_primitive F); [| | reflexivity | apply CF | apply CF].
    + intros x Hx. rewrite <- bump_inside by assumption. apply DF.
    + intros x Hx. apply density_continuous. assumption.
Qed.
Lemma boundary_term a b : 0 < a -> 0 < b -> integral_01 (fun x => (a - (a + b) * x) * density a b x) 0.
Proof.
  intros Ha Hb. replace 0 with (bump a b 1 - bump a b 0) by (rewrite bump_at_0, bump_at_1; ring).
  apply (integral_primitive (density (a + 1) (b + 1))); [| | | apply bump_continuous; assumption | apply bump_continuous; assumption].
  - intros x Hx. apply (derive_value _ _ (a * / x * (Rpower x a * Rpower (1 - x) b) - b * / (1 - x) * (Rpower x a * Rpower (1 - x) b))).
    + real_equation. unfold density. rewrite (power_up x a), (power_up (1 - x) b) by lra. field. lra.
    + unfold density. replace (a + 1 - 1) with a by ring. replace (b + 1 - 1) with b by ring. unfold Rpower. auto_derive; [lra |]. replace (1 + - x) with (1 - x) by ring. field. lra.
  - intros x Hx. apply (@ex_derive_continuous R_AbsRing R_NormedModule). unfold density, Rpower. auto_derive. lra.
  - intros x Hx. symmetry. apply bump_inside. assumption.
Qed.
Lemma raise_first a b l : 0 < a -> 0 < b -> integral_01 (density a b) l -> integral_01 (density (a + 1) b) (a / (a + b) * l).
Proof.
  intros Ha Hb H. replace (a / (a + b) * l) with (a / (a + b) * l + (- / (a + b)) * 0) by ring.
  apply (integral_ext (fun x => a / (a + b) * density a b x + (- / (a + b)) * ((a - (a + b) * x) * density a b x))); [| apply integral_lin; [exact H | apply boundary_term; assumption]].
  intros x Hx. rewrite density_first by assumption. field. lra.
Qed.
Lemma raise_second a b l : 0 < a -> 0 < b -> integral_01 (density a b) l -> integral_01 (density a (b + 1)) (b / (a + b) * l).
Proof.
  intros Ha Hb H. replace (b / (a + b) * l) with (b / (a + b) * l + (/ (a + b)) * 0) by ring.
  apply (integral_ext (fun x => b / (a + b) * density a b x + (/ (a + b)) * ((a - (a + b) * x) * density a b x))); [| apply integral_lin; [exact H | apply boundary_term; assumption]].
  intros x Hx. rewrite density_second by assumption. field. lra.
Qed.
Lemma lower_first a b l : 0 < a -> 0 < b -> integral_01 (density (a + 1) b) l -> integral_01 (density a b) ((a + b) / a * l).
Proof.
  intros Ha Hb H. replace ((a + b) / a * l) with ((a + b) / a * l + (/ a) * 0) by ring.
  apply (integral_ext (fun x => (a + b) / a * density (a + 1) b x + (/ a) * ((a - (a + b) * x) * density a b x))); [| apply integral_lin; [exact H | apply boundary_term; assumption]].
  intros x Hx. rewrite density_first by assumption. field. lra.
Qed.
Lemma lower_second a b l : 0 < a -> 0 < b -> integral_01 (density a (b + 1)) l -> integral_01 (density a b) ((a + b) / b * l).
Proof.
  intros Ha Hb H. replace ((a + b) / b * l) with ((a + b) / b * l + (- / b) * 0) by ring.
  apply (integral_ext (fun x => (a + b) / b * density a (b + 1) x + (- / b) * ((a - (a + b) * x) * density a b x))); [| apply integral_lin; [exact H | apply boundary_term; assumption]].
  intros x Hx. rewrite density_second by assumption. field. lra.
Qed.
Theorem beta_integral_exists a b : 0 < a -> 0 < b -> exists l, 0 < l /\ integral_01 (density a b) l.
Proof.
  intros Ha Hb. destruct (large_beta_integral a b Ha Hb) as [l [Hl H]]. exists ((a + b) / b * ((a + (b + 1)) / a * l)). split.
  - repeat apply Rmult_lt_0_compat; try lra; apply Rinv_0_lt_compat; lra.
  - apply lower_second; [assumption | assumption |]. apply lower_first; [assumption | lra | exact H].
Qed.
(* ---- means ---- *)
Lemma integral_value f l : integral_01 f l -> RInt_gen f (at_right 0) (at_left 1) = l.
Proof. intros H. apply (@is_RInt_gen_unique R_CompleteNormedModule); [apply Proper_StrongProper, at_right_proper_filter | apply Proper_StrongProper, at_left_proper_filter | exact H]. Qed.
Section Moments.
Variables a b : R.
Hypothesis Ha : 0 < a.
Hypothesis Hb : 0 < b.
Let s := a + b.
Definition outcome_variance (p : R) := p * (1 - p). (* V *)
Lemma variance_integrals l : integral_01 (density a b) l ->
  integral_01 (fun p => outcome_variance p * density a b p) (a * b / (s * (s + 1)) * l)
  /\ integral_01 (fun p => outcome_variance p ^2 * density a b p) (a * (a + 1) * (b * (b + 1)) / (s * (s + 1) * (s + 2) * (s + 3)) * l).
Proof.
  intros H. assert (A1 := raise_first a b l Ha Hb H). assert (A2 := raise_second (a + 1) b _ ltac:(lra) Hb A1).
  assert (A3 := raise_first (a + 1) (b + 1) _ ltac:(lra) ltac:(lra) A2). assert (A4 := raise_second (a + 1 + 1) (b + 1) _ ltac:(lra) ltac:(lra) A3). split.
  - replace (a * b / (s * (s + 1)) * l) with (b / (a + 1 + b) * (a / (a + b) * l)) by (unfold s; field; lra).
    apply (integral_ext (density (a + 1) (b + 1))); [| exact A2]. intros x Hx. rewrite density_second, density_first by assumption. unfold outcome_variance. ring.
  - match type of A4 with integral_01 _ ?v => replace (a * (a + 1) * (b * (b + 1)) / (s * (s + 1) * (s + 2) * (s + 3)) * l) with v by (unfold s; field; lra) end.
    apply (integral_ext (density (a + 1 + 1) (b + 1 + 1))); [| exact A4]. intros x Hx.
    rewrite density_second, density_first, density_second, density_first by assumption. unfold outcome_variance. ring.
Qed.
(* the mean of a polynomial c V + d V^2 *)
Lemma beta_mean_variance c d f : (forall p, f p = c * outcome_variance p + d * outcome_variance p ^2) ->
  beta_mean a b f = c * (a * b / (s * (s + 1))) + d * (a * (a + 1) * (b * (b + 1)) / (s * (s + 1) * (s + 2) * (s + 3))).
Proof.
  intros Hf. destruct (beta_integral_exists a b Ha Hb) as [l [Hl H]]. destruct (variance_integrals l H) as [I1 I2]. unfold beta_mean. rewrite (integral_value _ _ H).
  assert (I := integral_lin _ _ _ _ c d I1 I2).
  rewrite (integral_value (fun x => f x * density a b x) (c * (a * b / (s * (s + 1)) * l) + d * (a * (a + 1) * (b * (b + 1)) / (s * (s + 1) * (s + 2) * (s + 3)) * l))).
  - field. unfold s. repeat split; lra.
  - eapply integral_ext; [| exact I]. intros x _. cbv beta. rewrite Hf. ring.
Qed.
(* the plug-in score of a prompt of which k of N rollouts are correct, and its mean and mean square given the pass rate *)
Definition plug_in N k := INR k / INR N * (1 - INR k / INR N).
Lemma plug_in_mean n p : let N := INR (S (S n)) in EB p (S (S n)) (plug_in (S (S n))) = (1 - / N) * outcome_variance p.
Proof.
  intros N. assert (HN : 0 < N) by (apply lt_0_INR; lia). unfold plug_in. fold N.
  rewrite (EB_ext p _ _ (fun k => 0 + / N * INR k + (- (/ N)^2) * INR k ^2)) by (intros; field; lra). rewrite EB_quadratic. fold N. unfold outcome_variance. field. lra.
Qed.
Lemma plug_in_square n p : let N := INR (S (S n)) in
  EB p (S (S n)) (fun k => plug_in (S (S n)) k ^2) = (N - 1) / N ^3 * ((N - 1) * outcome_variance p + (N - 2) * (N - 3) * outcome_variance p ^2).
Proof.
  intros N. assert (HN : 0 < N) by (apply lt_0_INR; lia). unfold plug_in. fold N.
  rewrite (EB_ext p _ _ (fun k => INR k * (N - INR k) * (/ N ^4 * (INR k * (N - INR k))))) by (intros; field; lra).
  unfold N at 1. rewrite EB_both. fold N.
  rewrite (EB_ext p n _ (fun j => / N ^4 * (N - 1) + / N ^4 * (N - 2) * INR j + (- / N ^4) * INR j ^2)).
  - rewrite EB_quadratic. replace (INR (S n)) with (N - 1) by (unfold N; rewrite (S_INR (S n)); ring). replace (INR n) with (N - 2) by (unfold N; rewrite !S_INR; ring). unfold outcome_variance. field. lra.
  - intros j _. rewrite S_INR. field. lra.
Qed.
Definition mean_V := beta_mean a b outcome_variance. (* E V *)
Definition mean_V_square := beta_mean a b (fun p => outcome_variance p ^2). (* E V^2 *)
Definition mean_score N := beta_mean a b (fun p => EB p N (plug_in N)). (* E V_hat, k binomial (N, p) *)
Definition mean_V_score N := beta_mean a b (fun p => outcome_variance p * EB p N (plug_in N)). (* E V V_hat *)
Definition mean_score_square N := beta_mean a b (fun p => EB p N (fun k => plug_in N k ^2)). (* E V_hat^2 *)
Lemma mean_V_eq : mean_V = a * b / (s * (s + 1)).
Proof. unfold mean_V. rewrite (beta_mean_variance 1 0) by (intros; ring). ring. Qed.
Lemma mean_V_square_eq : mean_V_square = a * (a + 1) * (b * (b + 1)) / (s * (s + 1) * (s + 2) * (s + 3)).
Proof. unfold mean_V_square. rewrite (beta_mean_variance 0 1) by (intros; ring). ring. Qed.
(* B50 *)
Theorem beta_pool_gain n : let N := S (S n) in
  mean_V_score N / (mean_score N * mean_V) = (a + 1) * (b + 1) * (s * (s + 1)) / (a * b * ((s + 2) * (s + 3))).
Proof.
  intros N. assert (HN : 2 <= INR N) by (unfold N; rewrite !S_INR; assert (H := pos_INR n); lra).
  unfold mean_V_score, mean_score. rewrite (beta_mean_variance 0 (1 - / INR N) (fun p => outcome_variance p * EB p N (plug_in N))) by (intros; unfold N; rewrite plug_in_mean; ring).
  rewrite (beta_mean_variance (1 - / INR N) 0 (fun p => EB p N (plug_in N))) by (intros; unfold N; rewrite plug_in_mean; ring).
  rewrite mean_V_eq. unfold s. field. repeat split; lra.
Qed.
(* B51 *)
Theorem realised_score n : let N := S (S n) in let m := mean_V_square / mean_V in
  mean_score_square N / mean_score N / m = ((INR N - 2) * (INR N - 3) + (INR N - 1) / m) / INR N ^2.
Proof.
  intros N m. assert (HN : 2 <= INR N) by (unfold N; rewrite !S_INR; assert (H := pos_INR n); lra).
  unfold mean_score_square, mean_score. rewrite (beta_mean_variance ((INR N - 1)^2 / INR N ^3) ((INR N - 1) * (INR N - 2) * (INR N - 3) / INR N ^3) (fun p => EB p N (fun k => plug_in N k ^2))) by (intros; unfold N; rewrite plug_in_square; field; fold N; lra).
  rewrite (beta_mean_variance (1 - / INR N) 0 (fun p => EB p N (plug_in N))) by (intros; unfold N; rewrite plug_in_mean; ring).
  unfold m. rewrite mean_V_eq, mean_V_square_eq. unfold s. field. repeat split; lra.
Qed.
(* B51 with m = E V^2 / E V written out *)
Theorem realised_score_written_out n : let N := S (S n) in let m := (a + 1) * (b + 1) / ((a + b + 2) * (a + b + 3)) in
  mean_V_square / mean_V = m /\ mean_score_square N / mean_score N / (mean_V_square / mean_V) = ((INR N - 2) * (INR N - 3) + (INR N - 1) / m) / INR N ^2.
Proof.
  intros N m. assert (E : mean_V_square / mean_V = m) by (rewrite mean_V_eq, mean_V_square_eq; unfold m, s; field; repeat split; lra).
  split; [exact E |]. rewrite <- E. apply (realised_score n).
Qed.
End Moments.
(* B51 for the uniform prior *)
Theorem realised_score_uniform n : let N := S (S n) in
  mean_score_square 1 1 N / mean_score 1 1 N / (mean_V_square 1 1 / mean_V 1 1) = 1 + 1 / INR N ^2.
Proof.
  intros N. assert (HN : 2 <= INR N) by (unfold N; rewrite !S_INR; assert (H := pos_INR n); lra).
  assert (R := realised_score 1 1 ltac:(lra) ltac:(lra) n). cbv zeta in R. fold N in R. rewrite R. rewrite mean_V_eq, mean_V_square_eq by lra. field. lra.
Qed.
