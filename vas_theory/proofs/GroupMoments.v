(* B09 (first equality) for every policy, every group size: the mean of the whitened update is E sigma / (P (1-P)) times grad P. *)
Require Import Reals Lra Psatz List.
From Vas Require Import Sums Pools.
Import ListNotations.
Open Scope R_scope.
Section Group.
Context {A : Type} (l : list A) (p r g : A -> R). (* g: one coordinate of the score *)
Hypothesis H1 : sum_over p l = 1.
Hypothesis Hr : forall a, In a l -> r a = 0 \/ r a = 1.
Hypothesis Eg : sum_over (fun a => p a * g a) l = 0.
Let P := sum_over (fun a => p a * r a) l.
Hypothesis HP : 0 < P < 1.
Definition gradP := sum_over (fun a => p a * r a * g a) l.
Notation EK := (EK l p). Notation total := (total r).
Definition score_sum (c : A -> R) := fold_right (fun a s => c a * g a + s) 0.
Lemma EK_comb K : forall f1 f2 c, EK K (fun w => f1 w + c * f2 w) = EK K f1 + c * EK K f2.
Proof.
  induction K; cbn; intros; [ring |].
  rewrite (sum_comb [(1, fun a => p a * EK K (fun w => f1 (a :: w))); (c, fun a => p a * EK K (fun w => f2 (a :: w)))]); [cbn [comb_sum]; ring |].
  intros a _. cbn [comb]. rewrite IHK. ring.
Qed.
(* weights c in {0, 1} decided by the reward: conditional on the rewards, every score counted by c has mean mu *)
Lemma class_mean c mu (Hc : forall a b, In a l -> In b l -> r a = r b -> c a = c b) (Hm : forall x, sum_over (fun a => p a * (c a * g a) * x (r a)) l = sum_over (fun a => p a * (c a * mu) * x (r a)) l) K :
  forall f, EK K (fun w => score_sum c w * f (total w)) = EK K (fun w => fold_right (fun a s => c a * mu + s) 0 w * f (total w)).
Proof.
  induction K; intros f; [reflexivity |]. cbn [Pools.EK].
  assert (L : forall d, sum_over (fun a => p a * EK K (fun w => fold_right (fun b s => d b + s) 0 (a :: w) * f (total (a :: w)))) l
    = sum_over (fun a => p a * d a * EK K (fun w => f (r a + total w))) l + sum_over (fun a => p a * EK K (fun w => fold_right (fun b s => d b + s) 0 w * f (r a + total w))) l).
  { intros d. rewrite <- sum_plus. apply sum_ext. intros a _.
    rewrite (EK_ext _ _ K _ (fun w => fold_right (fun b s => d b + s) 0 w * f (r a + total w) + d a * f (r a + total w))) by (intros w; cbn [fold_right Pools.total]; fold (total w); ring).
    rewrite (EK_comb K (fun w => fold_right (fun b s => d b + s) 0 w * f (r a + total w)) (fun w => f (r a + total w))). ring. }
  unfold score_sum. rewrite (L (fun a => c a * g a)), (L (fun a => c a * mu)). f_equal.
  - apply (Hm (fun x => EK K (fun w => f (x + total w)))).
  - apply sum_ext. intros a _. f_equal. apply (IHK (fun t => f (r a + t))).
Qed.
Lemma right_mean x : sum_over (fun a => p a * (r a * g a) * x (r a)) l = sum_over (fun a => p a * (r a * (gradP / P)) * x (r a)) l.
Proof.
  rewrite (sum_comb [(x 1, fun a => p a * r a * g a)] (fun a => p a * (r a * g a) * x (r a))).
  - rewrite (sum_comb [(x 1 * (gradP / P), fun a => p a * r a)]). + cbn [comb_sum]. fold P gradP. field. lra.
    + intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; ring.
  - intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; ring.
Qed.
Lemma wrong_mean x : sum_over (fun a => p a * ((1 - r a) * g a) * x (r a)) l = sum_over (fun a => p a * ((1 - r a) * (- gradP / (1 - P))) * x (r a)) l.
Proof.
  rewrite (sum_comb [(x 0, fun a => p a * g a); (- x 0, fun a => p a * r a * g a)] (fun a => p a * ((1 - r a) * g a) * x (r a))).
  - rewrite (sum_comb [(x 0 * (- gradP / (1 - P)), p); (- x 0 * (- gradP / (1 - P)), fun a => p a * r a)]).
    + cbn [comb_sum]. rewrite H1, Eg. fold P gradP. field. lra.
    + intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; ring.
  - intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; ring.
Qed.
(* the whitened update of a group w of G rollouts; Coq's x / 0 = x * / 0 is multiplied by 0 below in silent groups *)
Definition sigma G (w : list A) := sqrt (total w / G * (1 - total w / G)).
Definition update G (w : list A) := fold_right (fun a s => (r a - total w / G) * g a + s) 0 w * / G * / sigma G w.
Lemma fold_scal d c (w : list A) : fold_right (fun a s => d a * c + s) 0 w = fold_right (fun a s => d a + s) 0 w * c.
Proof. induction w; cbn; [ring | rewrite IHw; ring]. Qed.
Lemma update_split G w : update G w = score_sum r w * ((1 - total w / G) * / G * / sigma G w) + (-1) * (score_sum (fun a => 1 - r a) w * (total w / G * / G * / sigma G w)).
Proof.
  unfold update. assert (E : forall c, fold_right (fun a s => (r a - c) * g a + s) 0 w = score_sum r w * (1 - c) - score_sum (fun a => 1 - r a) w * c).
  { intros c. unfold score_sum. clear. induction w; cbn; [ring | rewrite IHw; ring]. }
  rewrite E. ring.
Qed.
Lemma EK_ext_in K : forall f1 f2, (forall w, length w = K -> (forall a, In a w -> In a l) -> f1 w = f2 w) -> EK K f1 = EK K f2.
Proof.
  induction K; cbn; intros f1 f2 H; [apply H; [reflexivity | intros a []] |]. apply sum_ext. intros a Ha. f_equal. apply IHK.
  intros w Hw Hin. apply H; [cbn; congruence |]. intros b [-> | Hb]; auto.
Qed.
Lemma EK_scal K f c : EK K (fun w => c * f w) = c * EK K f.
Proof.
  induction K in f |- *; cbn; [ring |]. rewrite (sum_comb [(c, fun a => p a * EK K (fun w => f (a :: w)))]); [cbn [comb_sum]; ring |].
  intros a _. cbn [comb]. rewrite IHK. ring.
Qed.
Lemma total_range w : (forall a, In a w -> In a l) -> 0 <= total w <= INR (length w).
Proof.
  induction w as [|a w IH]; [cbn; lra |]. intros H. cbn [Pools.total fold_right length]. fold (total w). rewrite S_INR.
  assert (0 <= total w <= INR (length w)) by (apply IH; intros; apply H; right; assumption).
  destruct (Hr a (H a (or_introl eq_refl))) as [-> | ->]; lra.
Qed.
Lemma fold_r w : fold_right (fun a s => r a + s) 0 w = total w.
Proof. reflexivity. Qed.
Lemma fold_1mr w : fold_right (fun a s => 1 - r a + s) 0 w = INR (length w) - total w.
Proof. induction w; [cbn; ring |]. cbn [fold_right length]. rewrite IHw, S_INR. cbn [Pools.total fold_right]. fold (total w). ring. Qed.
(* B09 *)
Theorem mean_whitened_update K : (0 < K)%nat -> EK K (update (INR K)) = EK K (sigma (INR K)) / (P * (1 - P)) * gradP.
Proof.
  intros HK. set (G := INR K). assert (HG : 0 < G) by (apply lt_0_INR; assumption).
  rewrite (EK_ext _ _ K _ _ (update_split G)).
  rewrite (EK_comb K (fun w => score_sum r w * ((1 - total w / G) * / G * / sigma G w)) (fun w => score_sum (fun a => 1 - r a) w * (total w / G * / G * / sigma G w))).
  rewrite (class_mean r (gradP / P)) with (f := fun t => (1 - t / G) * / G * / sqrt (t / G * (1 - t / G))); [| intros; assumption | apply right_mean].
  rewrite (class_mean (fun a => 1 - r a) (- gradP / (1 - P))) with (f := fun t => t / G * / G * / sqrt (t / G * (1 - t / G))); [| intros; lra | apply wrong_mean].
  rewrite <- (EK_comb K (fun w => fold_right (fun a s => r a * (gradP / P) + s) 0 w * _) (fun w => fold_right (fun a s => (1 - r a) * (- gradP / (1 - P)) + s) 0 w * _)).
  replace (EK K (sigma G) / (P * (1 - P)) * gradP) with (gradP / (P * (1 - P)) * EK K (sigma G)) by (field; lra).
  rewrite <- EK_scal. apply EK_ext_in. intros w Hw Hin. rewrite !fold_scal, fold_r, fold_1mr, Hw. fold G.
  assert (T := total_range w Hin). rewrite Hw in T. fold G in T. unfold sigma. set (t := total w) in *. set (x := t / G * (1 - t / G)).
  assert (Hx : 0 <= x).
  { unfold x. replace (t / G * (1 - t / G)) with (t * (G - t) * (/ G * / G)) by (field; lra). assert (0 < / G) by (apply Rinv_0_lt_compat; lra). apply Rmult_le_pos; nra. }
  replace (t * (gradP / P) * ((1 - t / G) * / G * / sqrt x) + -1 * ((G - t) * (- gradP / (1 - P)) * (t / G * / G * / sqrt x)))
    with (gradP / (P * (1 - P)) * (x * / sqrt x)).
  - f_equal. destruct (Req_dec x 0) as [-> | n]; [rewrite sqrt_0; ring |].
    assert (0 < sqrt x) by (apply sqrt_lt_R0; lra). rewrite <- (sqrt_sqrt x) at 1 by assumption. field. lra.
  - set (i := / sqrt x). unfold x. field. lra.
Qed.
End Group.
