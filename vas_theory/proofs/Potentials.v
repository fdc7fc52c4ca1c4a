(* B13: what variance-proportional and uniform sampling make training ascend, for every pool of prompts and every group size G = n + 2.
   A prompt x has pass rate p x s at time s and slope dp x at time t; u x is the chance of drawing it. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Calculus GroupGain GainShape BinomialMeans GainBounds.
Import ListNotations.
Open Scope R_scope.

Lemma gain_continuous n x : continuous (fun p => w p n) x.
Proof. apply (@ex_derive_continuous R_AbsRing R_NormedModule). eexists. apply gain_derive. Qed.
Lemma mean_deviation_continuous n x : continuous (mean_deviation (S (S n))) x.
Proof. apply (@ex_derive_continuous R_AbsRing R_NormedModule). eexists. apply (EB_derive (S (S n)) (deviation (S (S n)))). Qed.

Definition plain_vas p := p ^2 / 2 - p ^3 / 3. (* W' = p (1 - p) *)
Definition whitened_vas n p := RInt (mean_deviation (S (S n))) 0 p. (* W' = E sigma_hat_G *)
Definition plain_uniform (p : R) := p. (* W' = 1 *)
Definition whitened_uniform n p := RInt (fun s => w s n) 0 p. (* W' = w_G *)
Lemma plain_vas_slope p : is_derive plain_vas p (p * (1 - p)).
Proof. unfold plain_vas. auto_derive; [trivial | field]. Qed.
Lemma whitened_vas_slope n p : is_derive (whitened_vas n) p (p * (1 - p) * w p n).
Proof. rewrite <- mean_deviation_is_push. apply integral_derive. apply mean_deviation_continuous. Qed.
Lemma plain_uniform_slope p : is_derive plain_uniform p 1.
Proof. unfold plain_uniform. auto_derive; [trivial | ring]. Qed.
Lemma whitened_uniform_slope n p : is_derive (whitened_uniform n) p (w p n).
Proof. apply (integral_derive (fun s => w s n)). apply gain_continuous. Qed.
Section Pool.
Context {X : Type} (pool : list X) (p : X -> R -> R) (dp : X -> R) (t : R).
Hypothesis Hdp : forall x, In x pool -> is_derive (p x) t (dp x).
Let q x := p x t * (1 - p x t). (* outcome variance *)
Definition total_variance := sum_over (fun x => p x t * (1 - p x t)) pool.
Definition vas_chance x := p x t * (1 - p x t) / total_variance.
Definition size := sum_over (fun _ : X => 1) pool.
Lemma potential_rises W gain c u : (forall y, is_derive W y (gain y)) -> c <> 0 -> (forall x, In x pool -> u x = gain (p x t) / c) ->
  is_derive (fun s => sum_over (fun x => W (p x s)) pool) t (c * sum_over (fun x => u x * dp x) pool).
Proof.
  intros HW Hc Hu. rewrite <- sum_scal. rewrite (sum_ext _ (fun x => gain (p x t) * dp x)) by (intros x Hx; rewrite Hu by assumption; field; assumption).
  apply (sum_derive (fun x s => W (p x s))). intros x Hx. eapply derive_value; [| apply (is_derive_comp W (p x)); [apply HW | apply Hdp; assumption]].
  real_equation. unfold scal; simpl. unfold mult; simpl. ring.
Qed.
(* B13 *)
Theorem sampling_potentials n : total_variance <> 0 -> size <> 0 ->
  (* exact variances as weights, plain gradient: W = p^2/2 - p^3/3 *)
  is_derive (fun s => sum_over (fun x => plain_vas (p x s)) pool) t (total_variance * sum_over (fun x => vas_chance x * dp x) pool)
  (* the same, whitened groups of G: W' = E sigma_hat_G *)
  /\ is_derive (fun s => sum_over (fun x => whitened_vas n (p x s)) pool) t (total_variance * sum_over (fun x => vas_chance x * w (p x t) n * dp x) pool)
  (* uniform sampling: W' = 1 and W' = w_G *)
  /\ is_derive (fun s => sum_over (fun x => plain_uniform (p x s)) pool) t (size * sum_over (fun x => 1 / size * dp x) pool)
  /\ is_derive (fun s => sum_over (fun x => whitened_uniform n (p x s)) pool) t (size * sum_over (fun x => 1 / size * w (p x t) n * dp x) pool).
Proof.
  intros HS Hn. split; [| split; [| split]].
  - apply (potential_rises plain_vas (fun y => y * (1 - y))); [apply plain_vas_slope | assumption | reflexivity].
  - apply (potential_rises (whitened_vas n) (fun y => y * (1 - y) * w y n)); [apply whitened_vas_slope | assumption |]. intros x _. unfold vas_chance. field. assumption.
  - apply (potential_rises plain_uniform (fun _ => 1)); [apply plain_uniform_slope | assumption | reflexivity].
  - apply (potential_rises (whitened_uniform n) (fun y => w y n)); [apply whitened_uniform_slope | assumption |]. intros x _. field. assumption.
Qed.
End Pool.
(* B13, the slopes and their limits *)
Theorem potential_slopes n p : is_derive plain_vas p (p * (1 - p)) /\ is_derive (whitened_vas n) p (mean_deviation (S (S n)) p)
  /\ is_derive plain_uniform p 1 /\ is_derive (whitened_uniform n) p (w p n).
Proof.
  split; [apply plain_vas_slope |]. split; [rewrite mean_deviation_is_push; apply whitened_vas_slope |]. split; [apply plain_uniform_slope | apply whitened_uniform_slope].
Qed.
Theorem potential_slope_limits p : 0 < p < 1 ->
  is_lim_seq (fun n => mean_deviation (S (S n)) p) (sqrt (p * (1 - p))) /\ is_lim_seq (fun n => w p n) (1 / sqrt (p * (1 - p))).
Proof.
  intros Hp. assert (L := group_gain_limit p Hp). assert (Q : 0 < p * (1 - p)) by (apply Rmult_lt_0_compat; lra). assert (Sq := sqrt_lt_R0 _ Q). set (s := sqrt (p * (1 - p))) in *.
  split.
  - apply (is_lim_seq_ext (fun n => s * (w p n * s))).
    + intros n. rewrite mean_deviation_is_push. rewrite <- (sqrt_sqrt (p * (1 - p))) at 1 by lra. fold s. ring.
    + replace (Finite s) with (Rbar_mult s 1) by (simpl; f_equal; ring). apply is_lim_seq_scal_l. exact L.
  - apply (is_lim_seq_ext (fun n => (/ s) * (w p n * s))).
    + intros n. field. lra.
    + replace (Finite (1 / s)) with (Rbar_mult (/ s) 1) by (simpl; f_equal; field; lra). apply is_lim_seq_scal_l. exact L.
Qed.

(* B13 between two states of a pool: the rise of the potential is the work of the flow along the straight way, which Simpson's rule gives exactly *)
Section Segment.
Context {X : Type} (pool : list X) (start finish : X -> R).
Definition along t x := start x + t * (finish x - start x).
Definition work t := total_variance pool (fun x s => along s x) t * sum_over (fun x => vas_chance pool (fun x s => along s x) t x * (finish x - start x)) pool.
Definition rise := sum_over (fun x => plain_vas (finish x)) pool - sum_over (fun x => plain_vas (start x)) pool.
Definition simpson := (work 0 + 4 * work (1 / 2) + work 1) / 6.
Theorem rise_is_work : (forall t, 0 <= t <= 1 -> total_variance pool (fun x s => along s x) t <> 0) -> is_RInt work 0 1 rise /\ rise = simpson.
Proof.
  intros HS. assert (W : forall t, 0 <= t <= 1 -> work t = sum_over (fun x => along t x * (1 - along t x) * (finish x - start x)) pool).
  { intros t Ht. unfold work. rewrite <- sum_scal. apply sum_ext. intros x _. unfold vas_chance. field. apply HS. assumption. }
  split.
  - assert (E1 : sum_over (fun x => plain_vas (along 1 x)) pool = sum_over (fun x => plain_vas (finish x)) pool) by (apply sum_ext; intros; f_equal; unfold along; ring).
    assert (E0 : sum_over (fun x => plain_vas (along 0 x)) pool = sum_over (fun x => plain_vas (start x)) pool) by (apply sum_ext; intros; f_equal; unfold along; ring).
    unfold rise. rewrite <- E1, <- E0.
    assert (D : forall t x, is_derive (fun s => along s x) t (finish x - start x)) by (intros t x; unfold along; auto_derive; [trivial | ring]).
    apply (is_RInt_ext (fun t => sum_over (fun x => along t x * (1 - along t x) * (finish x - start x)) pool)).
    { intros t Ht. rewrite Rmin_left, Rmax_right in Ht by lra. symmetry. apply W. lra. }
    apply (is_RInt_derive (fun t => sum_over (fun x => plain_vas (along t x)) pool) (fun t => sum_over (fun x => along t x * (1 - along t x) * (finish x - start x)) pool)).
    + intros t _. apply (sum_derive (fun x t => plain_vas (along t x))). intros x _. eapply derive_value; [| apply (is_derive_comp plain_vas (fun s => along s x)); [apply plain_vas_slope | apply D]].
      real_equation. unfold scal; simpl; unfold mult; simpl. ring.
    + intros t _. apply (@ex_derive_continuous R_AbsRing R_NormedModule). exists (sum_over (fun x => (1 - 2 * along t x) * (finish x - start x)^2) pool).
      apply (sum_derive (fun x t => along t x * (1 - along t x) * (finish x - start x))). intros x _. unfold along. auto_derive; [trivial | ring].
  - unfold simpson, rise. rewrite !W by lra. clear.
    assert (L : sum_over (fun x => plain_vas (finish x)) pool - sum_over (fun x => plain_vas (start x)) pool
      = sum_over (fun x => / 6 * (along 0 x * (1 - along 0 x) * (finish x - start x)) + (4 / 6 * (along (1 / 2) x * (1 - along (1 / 2) x) * (finish x - start x)) + / 6 * (along 1 x * (1 - along 1 x) * (finish x - start x)))) pool).
    { rewrite (sum_comb [(1, fun x => plain_vas (finish x)); (-1, fun x => plain_vas (start x))] (fun x => / 6 * _ + _)); [cbn [comb_sum]; ring | intros x _; cbn [comb]; unfold plain_vas, along; field]. }
    rewrite L, !sum_plus, !sum_scal. field.
Qed.
End Segment.
