(* L05 with the source's general weights: a correct rollout beside s correct ones among the other M - 1 gets b s, a wrong one a s;
   the weights are read at the numbers s = 0 .. M - 1 alone. M = n + 2. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Calculus Pools GroupGain GainShape BinomialMeans Policy GroupDraws GroupUpdate SignalToNoise FirstMoment.
Import ListNotations.
Open Scope R_scope.

(* (1/M) sum_i Z_i g_i, Z_i = (1 - R_i) a_(S_i) + R_i b_(S_i), S_i the number of correct ones among the others *)
Definition weighted_update {A D} (a b : R -> R) (r : A -> R) (g : A -> D -> R) M k (w : list A) :=
  / M * sum_over (fun y => ((1 - r y) * a (sum_over r w - r y) + r y * b (sum_over r w - r y)) * g y k) w.
(* h_M (t) = (1/M) sum_s (b_s - a_s) I_t (s + 1, M - s) *)
Definition general_h (a b : R -> R) M t := / INR M * sum_over (fun s => (b (INR s) - a (INR s)) * incomplete_beta t (s + 1) (M - s)) (seq 0 M).
Definition general_slope (a b : R -> R) M t := sum_over (fun s => (b (INR s) - a (INR s)) * (Binomial.C (M - 1) s * t ^ s * (1 - t) ^ (M - 1 - s))) (seq 0 M).
Lemma general_h_derive a b n t : is_derive (general_h a b (S (S n))) t (general_slope a b (S (S n)) t).
Proof.
  set (M := S (S n)). assert (HM : 0 < INR M) by (apply lt_0_INR; unfold M; lia).
  apply (derive_ext (fun t => / INR M * sum_over (fun s => (b (INR s) - a (INR s)) * tail n s t) (seq 0 M))).
  { intros x. unfold general_h. f_equal. apply sum_ext. intros s Hs. apply in_seq in Hs. rewrite (beta_is_tail n) by lia. reflexivity. }
  eapply derive_value; [| apply (is_derive_scal (fun t => sum_over (fun s => (b (INR s) - a (INR s)) * tail n s t) (seq 0 M))); apply (sum_derive (fun s t => (b (INR s) - a (INR s)) * tail n s t) (fun s => (b (INR s) - a (INR s)) * (INR M * (Binomial.C (S n) s * beta_kernel (s + 1) (M - s) t))))].
  - real_equation. unfold general_slope. rewrite <- sum_scal. apply sum_ext. intros s Hs. apply in_seq in Hs. unfold beta_kernel. replace (s + 1 - 1)%nat with s by lia. replace (M - s - 1)%nat with (M - 1 - s)%nat by lia.
    replace (M - 1)%nat with (S n) by (unfold M; lia). field. lra.
  - intros s Hs. apply in_seq in Hs. apply (is_derive_scal (tail n s)). apply tail_derive. lia.
Qed.
Lemma general_slope_mean a b n t : general_slope a b (S (S n)) t = EB t (S n) (fun s => b (INR s)) - EB t (S n) (fun s => a (INR s)).
Proof.
  rewrite !EB_is_binomial_mean. unfold binomial_mean. rewrite !sum_f_R0_over. unfold general_slope. replace (S (S n) - 1)%nat with (S n) by lia.
  rewrite (sum_comb [(1, fun j => Binomial.C (S n) j * t ^ j * (1 - t) ^ (S n - j) * b (INR j)); (-1, fun j => Binomial.C (S n) j * t ^ j * (1 - t) ^ (S n - j) * a (INR j))]).
  - cbn [comb_sum]. ring. - intros; cbn [comb]; ring.
Qed.
(* E ghat = grad h_M (p) for every choice of weights, h_M' as stated *)
Theorem general_update_is_gradient {A D : Type} (acts : list A) (dims : list D) (pol : (D -> R) -> A -> R) (r : A -> R) (theta : D -> R) (g : A -> D -> R) (a b : R -> R) n :
  differentiable_policy acts dims pol theta g -> (forall y, In y acts -> r y = 0 \/ r y = 1) -> 0 < objective acts pol r theta < 1 -> let M := S (S n) in
  is_gradient dims (fun th => general_h a b M (objective acts pol r th)) theta (fun k => group_expect acts pol theta M (weighted_update a b r g (INR M) k))
  /\ (forall t, is_derive (general_h a b M) t (general_slope a b M t)).
Proof.
  intros Hpol Hr HP M. split; [| intros; apply general_h_derive]. set (P := objective acts pol r theta) in *.
  assert (H1 : sum_over (pol theta) acts = 1) by (destruct Hpol as [_ [H _]]; apply H). assert (HM : 0 < INR M) by (apply lt_0_INR; unfold M; lia).
  set (v := fun k => sum_over (fun y => pol theta y * (g y k * r y)) acts). assert (Hv : is_gradient dims (objective acts pol r) theta v) by (apply policy_gradient; assumption).
  assert (Mean : forall k, In k dims -> group_expect acts pol theta M (weighted_update a b r g (INR M) k) = general_slope a b M P * v k).
  { intros k Hk. unfold group_expect. rewrite (EK_ext_group acts (pol theta) M _ (fun w => / INR M * (sum_over (fun y => r y * g y k) w * b (sum_over r w - 1) + sum_over (fun y => (1 - r y) * g y k) w * a (sum_over r w)))).
    2:{ intros w _ Hin. unfold weighted_update. f_equal. set (T := sum_over r w). rewrite (sum_comb [(b (T - 1), fun y => r y * g y k); (a T, fun y => (1 - r y) * g y k)]); [cbn [comb_sum]; ring |].
        intros y Hy. cbn [comb]. destruct (Hr y (Hin y Hy)) as [-> | ->]; rewrite ?Rminus_0_r; ring. }
    rewrite (EK_linear acts (pol theta) M [(/ INR M, fun w => sum_over (fun y => r y * g y k) w * b (sum_over r w - 1)); (/ INR M, fun w => sum_over (fun y => (1 - r y) * g y k) w * a (sum_over r w))]) by (intros; cbn [comb]; ring).
    cbn [comb_EK]. rewrite (correct_scores acts (pol theta) H1 r (fun y => g y k) Hr HP M (fun t => b (t - 1))), (wrong_scores acts (pol theta) H1 r (fun y => g y k) Hr HP M a).
    change (sum_over (fun y => pol theta y * r y) acts) with P. unfold M. rewrite (EB_heads P (S n) (fun k => b (INR k - 1))), (EB_tails P (S n) (fun k => a (INR k))).
    rewrite (EB_ext P (S n) (fun j => b (INR (S j) - 1)) (fun j => b (INR j))) by (intros; rewrite S_INR; f_equal; ring). rewrite general_slope_mean.
    assert (E1 : class_mean1 acts (pol theta) r (fun y => g y k) = v k / P) by (unfold class_mean1, v, P, objective; f_equal; apply sum_ext; intros; ring).
    assert (E0 : class_mean0 acts (pol theta) r (fun y => g y k) = - v k / (1 - P)).
    { unfold class_mean0. change (sum_over (fun y => pol theta y * r y) acts) with P. f_equal. rewrite (sum_comb [(1, fun y => pol theta y * g y k); (-1, fun y => pol theta y * (g y k * r y))]); [| intros; cbn [comb]; ring].
      cbn [comb_sum]. rewrite (score_mean_zero acts dims pol theta g Hpol k Hk). unfold v. ring. }
    rewrite E1, E0. fold M. field. repeat split; lra. }
  intros u. eapply derive_value; [| apply (is_derive_comp (general_h a b M) (fun t => objective acts pol r (move theta u t))); [apply general_h_derive | apply Hv]].
  real_equation. transitivity (general_slope a b M P * dot dims v u).
  - rewrite move_0. apply Rmult_comm.
  - unfold dot. rewrite <- sum_scal. apply sum_ext. intros k Hk. cbv beta. rewrite Mean by assumption. ring.
Qed.
