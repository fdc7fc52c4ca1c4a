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
