(* A41: what clipping removes from the gradient of the surrogate, for any differentiable policy, advantages and clip range. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Calculus Policy Gradients.
Import ListNotations.
Open Scope R_scope.

Section Clipping.
Context {A D : Type} (acts : list A) (dims : list D) (pol : (D -> R) -> A -> R) (theta : D -> R) (g : A -> D -> R).
Hypothesis Hpol : differentiable_policy acts dims pol theta g.
Variables (old adv : A -> R). (* the policy that drew the rollouts, the advantages *)
Hypothesis Hold : forall a, In a acts -> 0 < old a.
Variables (low high : R). (* 1 - eps_low and 1 + eps_high *)
Hypothesis Hrange : low <= high.
Definition ratio th a := pol th a / old a.
Definition clip x := Rmax low (Rmin x high).
Definition surrogate th := sum_over (fun a => old a * (ratio th a * adv a)) acts. (* E_old [rho A] *)
Definition clipped_surrogate th := sum_over (fun a => old a * Rmin (ratio th a * adv a) (clip (ratio th a) * adv a)) acts.
(* an action is clipped: its ratio is above the range with a positive, or below it with a negative advantage *)
Definition is_clipped a := (0 < adv a /\ high < ratio theta a) \/ (adv a < 0 /\ ratio theta a < low).
Variable clipped : A -> R. (* its indicator *)
Hypothesis Hclipped : forall a, In a acts -> (is_clipped a /\ clipped a = 1) \/ (~ is_clipped a /\ clipped a = 0).
Definition mean_update k := sum_over (fun a => old a * (ratio theta a * adv a * g a k)) acts. (* E ghat *)
Definition mean_clipped_update k := sum_over (fun a => old a * (ratio theta a * adv a * g a k * (1 - clipped a))) acts. (* E ghat_clip *)
(* E ghat is the gradient of the surrogate *)
Lemma ratio_derive a u : In a acts -> is_derive (fun t => ratio (move theta u t) a) 0 (ratio theta a * dot dims (g a) u).
Proof.
  intros Ha. assert (Ho := Hold a Ha). destruct Hpol as [_ [_ Hs]]. apply (derive_ext (fun t => / old a * pol (move theta u t) a)); [intros; unfold ratio; field; lra |].
  eapply derive_value; [| apply (is_derive_scal (fun t => pol (move theta u t) a)); apply (Hs a Ha)]. real_equation. unfold ratio.
  replace (dot dims (fun k => pol theta a * g a k) u) with (pol theta a * dot dims (g a) u) by (unfold dot; rewrite <- sum_scal; apply sum_ext; intros; ring). field. lra.
Qed.
Theorem mean_update_is_gradient : is_gradient dims surrogate theta mean_update.
Proof.
  intros u. unfold surrogate.
  replace (dot dims mean_update u) with (sum_over (fun a => old a * adv a * ratio theta a * dot dims (g a) u) acts).
  - apply (sum_derive (fun a t => old a * (ratio (move theta u t) a * adv a))). intros a Ha.
    apply (derive_ext (fun t => old a * adv a * ratio (move theta u t) a)); [intros; ring |].
    eapply derive_value; [| apply (is_derive_scal (fun t => ratio (move theta u t) a)); apply (ratio_derive a u Ha)]. real_equation. ring.
  - unfold mean_update. rewrite <- dot_sum_l. unfold dot. apply sum_ext. intros k _. f_equal. apply sum_ext. intros; ring.
Qed.
(* E ghat_clip is the gradient of the clipped surrogate wherever that has one: no ratio exactly at the end of its range *)
Theorem mean_clipped_update_is_gradient : (forall a, In a acts -> (0 < adv a -> ratio theta a <> high) /\ (adv a < 0 -> ratio theta a <> low)) ->
  is_gradient dims clipped_surrogate theta mean_clipped_update.
Proof.
  intros Hk u. unfold clipped_surrogate.
  replace (dot dims mean_clipped_update u) with (sum_over (fun a => old a * (ratio theta a * adv a * (1 - clipped a)) * dot dims (g a) u) acts).
  - apply (sum_derive (fun a t => old a * Rmin (ratio (move theta u t) a * adv a) (clip (ratio (move theta u t) a) * adv a))). intros a Ha.
    assert (Dr := ratio_derive a u Ha).
    assert (Cr : continuous (fun t => ratio (move theta u t) a) 0) by (apply (@ex_derive_continuous R_AbsRing R_NormedModule); eexists; exact Dr).
    assert (Up : forall y, y < ratio theta a -> locally 0 (fun t => y < ratio (move theta u t) a)) by (intros y Hy; apply (Cr (fun x => y < x)); apply (open_gt y); rewrite move_0; exact Hy).
    assert (Dn : forall y, ratio theta a < y -> locally 0 (fun t => ratio (move theta u t) a < y)) by (intros y Hy; apply (Cr (fun x => x < y)); apply (open_lt y); rewrite move_0; exact Hy).
    (* not clipped: the term is rho A near theta *)
    assert (Free : clipped a = 0 -> locally 0 (fun t => old a * adv a * ratio (move theta u t) a = old a * Rmin (ratio (move theta u t) a * adv a) (clip (ratio (move theta u t) a) * adv a)) ->
      is_derive (fun t => old a * Rmin (ratio (move theta u t) a * adv a) (clip (ratio (move theta u t) a) * adv a)) 0 (old a * (ratio theta a * adv a * (1 - clipped a)) * dot dims (g a) u)).
    { intros Z Hl. apply (is_derive_ext_loc (fun t => old a * adv a * ratio (move theta u t) a)); [exact Hl |].
      eapply derive_value; [| apply (is_derive_scal (fun t => ratio (move theta u t) a)); exact Dr]. real_equation. rewrite Z. ring. }
    (* clipped: it is constant near theta *)
    assert (Stop : forall c, clipped a = 1 -> locally 0 (fun t => c = old a * Rmin (ratio (move theta u t) a * adv a) (clip (ratio (move theta u t) a) * adv a)) ->
      is_derive (fun t => old a * Rmin (ratio (move theta u t) a * adv a) (clip (ratio (move theta u t) a) * adv a)) 0 (old a * (ratio theta a * adv a * (1 - clipped a)) * dot dims (g a) u)).
    { intros c Z Hl. apply (is_derive_ext_loc (fun _ => c)); [exact Hl |]. eapply derive_value; [| apply @is_derive_const]. real_equation. unfold zero; simpl. rewrite Z. ring. }
    destruct (Hk a Ha) as [Kp Kn]. destruct (Rtotal_order (adv a) 0) as [N | [Z | P]].
    + destruct (Rtotal_order (ratio theta a) low) as [B | [B | B]]; [| exfalso; apply (Kn N B) |].
      * apply (Stop (old a * (low * adv a))).
        { destruct (Hclipped a Ha) as [[_ E] | [E _]]; [exact E | exfalso; apply E; right; split; assumption]. }
        apply (filter_imp (fun t => ratio (move theta u t) a < low)); [| apply Dn; assumption]. intros t Ht. f_equal. unfold clip, Rmin, Rmax. repeat destruct Rle_dec; nra.
      * apply Free.
        { destruct (Hclipped a Ha) as [[[[E _] | [_ E]] _] | [_ E]]; [lra | lra | exact E]. }
        apply (filter_imp (fun t => low < ratio (move theta u t) a)); [| apply Up; assumption]. intros t Ht. rewrite Rmult_assoc. f_equal. unfold clip, Rmin, Rmax. repeat destruct Rle_dec; nra.
    + apply Free.
      * destruct (Hclipped a Ha) as [[[[E _] | [E _]] _] | [_ E]]; [lra | lra | exact E].
      * apply filter_forall. intros t. rewrite Z, !Rmult_0_r. unfold Rmin. destruct Rle_dec; ring.
    + destruct (Rtotal_order (ratio theta a) high) as [B | [B | B]]; [| exfalso; apply (Kp P B) |].
      * apply Free.
        { destruct (Hclipped a Ha) as [[[[_ E] | [E _]] _] | [_ E]]; [lra | lra | exact E]. }
        apply (filter_imp (fun t => ratio (move theta u t) a < high)); [| apply Dn; assumption]. intros t Ht. rewrite Rmult_assoc. f_equal. unfold clip, Rmin, Rmax. repeat destruct Rle_dec; nra.
      * apply (Stop (old a * (high * adv a))).
        { destruct (Hclipped a Ha) as [[_ E] | [E _]]; [exact E | exfalso; apply E; left; split; assumption]. }
        apply (filter_imp (fun t => high < ratio (move theta u t) a)); [| apply Up; assumption]. intros t Ht. f_equal. unfold clip, Rmin, Rmax. repeat destruct Rle_dec; nra.
  - unfold mean_clipped_update. rewrite <- dot_sum_l. unfold dot. apply sum_ext. intros k _. f_equal. apply sum_ext. intros; ring.
Qed.
(* A41 *)
Theorem clipping_bias Gmax : (forall a, In a acts -> norm dims (g a) <= Gmax) ->
  (forall k, mean_update k - mean_clipped_update k = sum_over (fun a => old a * (ratio theta a * adv a * g a k * clipped a)) acts)
  /\ norm dims (fun k => mean_update k - mean_clipped_update k) <= Gmax * sum_over (fun a => pol theta a * (Rabs (adv a) * clipped a)) acts.
Proof.
  intros HG.
  assert (E : forall k, mean_update k - mean_clipped_update k = sum_over (fun a => old a * (ratio theta a * adv a * g a k * clipped a)) acts).
  { intros k. rewrite (sum_comb [(1, fun a => old a * (ratio theta a * adv a * g a k)); (-1, fun a => old a * (ratio theta a * adv a * g a k * (1 - clipped a)))]); [| intros; cbn [comb]; ring].
    cbn [comb_sum]. unfold mean_update, mean_clipped_update. ring. }
  split; [exact E |].
  replace (norm dims (fun k => mean_update k - mean_clipped_update k)) with (norm dims (fun k => sum_over (fun a => pol theta a * (adv a * clipped a) * g a k) acts)).
  - eapply Rle_trans; [apply (norm_weighted_sum acts dims (fun a => pol theta a * (adv a * clipped a)) g Gmax HG) |]. right. f_equal. apply sum_ext. intros a Ha.
    destruct Hpol as [P _]. rewrite !Rabs_mult, (Rabs_pos_eq (pol theta a)) by (apply P; assumption). f_equal. f_equal.
    apply Rabs_pos_eq. destruct (Hclipped a Ha) as [[_ ->] | [_ ->]]; lra.
  - unfold norm, norm2. f_equal. apply sum_ext. intros k _. rewrite E. f_equal. apply sum_ext. intros a Ha. assert (Ho := Hold a Ha). unfold ratio. field. lra.
Qed.
End Clipping.
