(* Moments of sums over a group of K independent draws, for every K: a group is a list w of actions, EK its expectation. *)
Require Import Reals Lra Psatz Lia List.
From Vas Require Import Sums Pools GroupGain GainShape BinomialMeans.
Import ListNotations.
Open Scope R_scope.

Section Draws.
Context {A : Type} (l : list A) (p : A -> R).
Hypothesis H1 : sum_over p l = 1.
Notation E f := (sum_over (fun a => p a * f a) l).
Notation EK := (Pools.EK l p).
Fixpoint comb_EK K (cs : list (R * (list A -> R))) : R := match cs with [] => 0 | (c, f) :: t => c * EK K f + comb_EK K t end.
Lemma EK_linear K : forall cs f, (forall w, f w = comb cs w) -> EK K f = comb_EK K cs.
Proof.
  induction K; intros cs f H.
  - cbn. rewrite H. clear H. induction cs as [|[c h] t IH]; [reflexivity |]. cbn. cbn in IH. rewrite IH. reflexivity.
  - cbn [Pools.EK]. rewrite (sum_ext _ (fun a => p a * comb_EK K (map (fun ch => (fst ch, fun w => snd ch (a :: w))) cs))).
    + clear H IHK f. induction cs as [|[c h] t IH]; cbn [comb_EK map fst snd].
      * rewrite (sum_ext _ (fun _ => 0)) by (intros; ring). apply sum_zero.
      * cbn [Pools.EK]. rewrite <- IH, <- sum_scal, <- sum_plus. apply sum_ext. intros; ring.
    + intros a _. f_equal. apply IHK. intros w. rewrite H. clear H f IHK. induction cs as [|[c h] t IH]; [reflexivity |]. cbn. rewrite IH. reflexivity.
Qed.
Lemma EK_const K c : EK K (fun _ => c) = c.
Proof. induction K; cbn [Pools.EK]; [reflexivity |]. rewrite (sum_ext _ (fun a => c * p a)) by (intros; rewrite IHK; ring). rewrite sum_scal, H1. ring. Qed.
Lemma EK_ext_group K : forall f h, (forall w, length w = K -> (forall a, In a w -> In a l) -> f w = h w) -> EK K f = EK K h.
Proof.
  induction K; cbn [Pools.EK]; intros f h H; [apply H; [reflexivity | intros a []] |]. apply sum_ext. intros a Ha. f_equal. apply IHK.
  intros w Hw Hin. apply H; [cbn; congruence |]. intros b [-> | Hb]; auto.
Qed.
Lemma EK_nonneg K : (forall a, In a l -> 0 <= p a) -> forall f, (forall w, 0 <= f w) -> 0 <= EK K f.
Proof. intros Hp. induction K; intros f H; cbn [Pools.EK]; [apply H |]. apply sum_nonneg. intros a Ha. apply Rmult_le_pos; [auto | apply IHK; intros; apply H]. Qed.
(* sums of any functions over the group *)
Lemma draws_1 x K : EK K (sum_over x) = INR K * E x.
Proof.
  induction K; cbn [Pools.EK]; [cbn; ring |].
  rewrite (sum_ext _ (fun a => p a * (x a + INR K * E x))).
  - rewrite (sum_comb [(1, fun a => p a * x a); (INR K * E x, p)]); [cbn [comb_sum]; rewrite H1, S_INR; ring | intros; cbn [comb]; ring].
  - intros a _. f_equal. rewrite (EK_linear K [(x a, fun _ => 1); (1, sum_over x)]); [cbn [comb_EK]; rewrite EK_const, IHK; ring | intros; cbn; ring].
Qed.
Lemma draws_2 x y K : EK K (fun w => sum_over x w * sum_over y w) = INR K * E (fun a => x a * y a) + INR K * (INR K - 1) * (E x * E y).
Proof.
  induction K; cbn [Pools.EK]; [cbn; ring |].
  rewrite (sum_ext _ (fun a => p a * (x a * y a + x a * (INR K * E y) + y a * (INR K * E x) + (INR K * E (fun a => x a * y a) + INR K * (INR K - 1) * (E x * E y))))).
  - rewrite (sum_comb [(1, fun a => p a * (x a * y a)); (INR K * E y, fun a => p a * x a); (INR K * E x, fun a => p a * y a); (INR K * E (fun a => x a * y a) + INR K * (INR K - 1) * (E x * E y), p)]).
    + cbn [comb_sum]. rewrite H1, S_INR. ring. + intros; cbn [comb]; ring.
  - intros a _. f_equal. rewrite (EK_linear K [(x a * y a, fun _ => 1); (x a, sum_over y); (y a, sum_over x); (1, fun w => sum_over x w * sum_over y w)]).
    + cbn [comb_EK]. rewrite EK_const, !draws_1, IHK. ring. + intros; cbn; ring.
Qed.
Lemma draws_3 x y z K : E y = 0 -> E z = 0 ->
  EK K (fun w => sum_over x w * sum_over y w * sum_over z w) = INR K * E (fun a => x a * y a * z a) + INR K * (INR K - 1) * (E x * E (fun a => y a * z a)).
Proof.
  intros Hy Hz. induction K; cbn [Pools.EK]; [cbn; ring |]. set (IHv := INR K * E (fun a => x a * y a * z a) + INR K * (INR K - 1) * (E x * E (fun a => y a * z a))) in *.
  set (xy := E (fun a => x a * y a)). set (xz := E (fun a => x a * z a)). set (yz := E (fun a => y a * z a)) in *.
  rewrite (sum_ext _ (fun a => p a * (x a * y a * z a + y a * z a * (INR K * E x) + x a * (INR K * yz) + y a * (INR K * xz) + z a * (INR K * xy) + IHv))).
  - rewrite (sum_comb [(1, fun a => p a * (x a * y a * z a)); (INR K * E x, fun a => p a * (y a * z a)); (INR K * yz, fun a => p a * x a); (INR K * xz, fun a => p a * y a); (INR K * xy, fun a => p a * z a); (IHv, p)]).
    + cbn [comb_sum]. rewrite H1, Hy, Hz, S_INR. fold yz. unfold IHv. ring. + intros; cbn [comb]; ring.
  - intros a _. f_equal.
    rewrite (EK_linear K [(x a * y a * z a, fun _ => 1); (x a * y a, sum_over z); (x a * z a, sum_over y); (y a * z a, sum_over x);
      (x a, fun w => sum_over y w * sum_over z w); (y a, fun w => sum_over x w * sum_over z w); (z a, fun w => sum_over x w * sum_over y w);
      (1, fun w => sum_over x w * sum_over y w * sum_over z w)]).
    + cbn [comb_EK]. rewrite EK_const, !draws_1, !draws_2, IHK, Hy, Hz. fold xy xz yz. ring. + intros; cbn [comb sum_over]; ring.
Qed.
Lemma draws_4 x y z u K : E x = 0 -> E y = 0 -> E z = 0 -> E u = 0 ->
  EK K (fun w => sum_over x w * sum_over y w * sum_over z w * sum_over u w) = INR K * E (fun a => x a * y a * z a * u a)
    + INR K * (INR K - 1) * (E (fun a => x a * y a) * E (fun a => z a * u a) + E (fun a => x a * z a) * E (fun a => y a * u a) + E (fun a => x a * u a) * E (fun a => y a * z a)).
Proof.
  intros Hx Hy Hz Hu. induction K; cbn [Pools.EK]; [cbn; ring |].
  set (xy := E (fun a => x a * y a)) in *. set (xz := E (fun a => x a * z a)) in *. set (xu := E (fun a => x a * u a)) in *.
  set (yz := E (fun a => y a * z a)) in *. set (yu := E (fun a => y a * u a)) in *. set (zu := E (fun a => z a * u a)) in *.
  set (IHv := INR K * E (fun a => x a * y a * z a * u a) + INR K * (INR K - 1) * (xy * zu + xz * yu + xu * yz)) in *.
  set (xyz := E (fun a => x a * y a * z a)). set (xyu := E (fun a => x a * y a * u a)). set (xzu := E (fun a => x a * z a * u a)). set (yzu := E (fun a => y a * z a * u a)).
  rewrite (sum_ext _ (fun a => p a * (x a * y a * z a * u a + INR K * (x a * y a * zu + x a * z a * yu + x a * u a * yz + y a * z a * xu + y a * u a * xz + z a * u a * xy)
    + INR K * (x a * yzu + y a * xzu + z a * xyu + u a * xyz) + IHv))).
  - rewrite (sum_comb [(1, fun a => p a * (x a * y a * z a * u a)); (INR K * zu, fun a => p a * (x a * y a)); (INR K * yu, fun a => p a * (x a * z a)); (INR K * yz, fun a => p a * (x a * u a));
      (INR K * xu, fun a => p a * (y a * z a)); (INR K * xz, fun a => p a * (y a * u a)); (INR K * xy, fun a => p a * (z a * u a));
      (INR K * yzu, fun a => p a * x a); (INR K * xzu, fun a => p a * y a); (INR K * xyu, fun a => p a * z a); (INR K * xyz, fun a => p a * u a); (IHv, p)]).
    + cbn [comb_sum]. rewrite H1, Hx, Hy, Hz, Hu, S_INR. fold xy xz xu yz yu zu. unfold IHv. ring. + intros; cbn [comb]; ring.
  - intros a _. f_equal.
    rewrite (EK_linear K [(x a * y a * z a * u a, fun _ => 1); (x a * y a * z a, sum_over u); (x a * y a * u a, sum_over z); (x a * z a * u a, sum_over y); (y a * z a * u a, sum_over x);
      (x a * y a, fun w => sum_over z w * sum_over u w); (x a * z a, fun w => sum_over y w * sum_over u w); (x a * u a, fun w => sum_over y w * sum_over z w);
      (y a * z a, fun w => sum_over x w * sum_over u w); (y a * u a, fun w => sum_over x w * sum_over z w); (z a * u a, fun w => sum_over x w * sum_over y w);
      (x a, fun w => sum_over y w * sum_over z w * sum_over u w); (y a, fun w => sum_over x w * sum_over z w * sum_over u w);
      (z a, fun w => sum_over x w * sum_over y w * sum_over u w); (u a, fun w => sum_over x w * sum_over y w * sum_over z w);
      (1, fun w => sum_over x w * sum_over y w * sum_over z w * sum_over u w)]).
    + cbn [comb_EK]. rewrite EK_const, !draws_1, !draws_2, IHK. rewrite !draws_3 by assumption. rewrite Hx, Hy, Hz, Hu. fold xy xz xu yz yu zu xyz xyu xzu yzu. ring.
    + intros; cbn [comb sum_over]; ring.
Qed.

(* binary rewards r with pass rate P: scores g of the correct and of the wrong draws, given the number of correct ones *)
Section Classes.
Context (r g : A -> R).
Hypothesis Hr : forall a, In a l -> r a = 0 \/ r a = 1.
Let P := E r.
Hypothesis HP : 0 < P < 1.
Definition class_mean1 := E (fun a => r a * g a) / P. (* E[g | R = 1] *)
Definition class_mean0 := E (fun a => (1 - r a) * g a) / (1 - P).
Definition class_square1 := E (fun a => r a * g a ^2) / P. (* E[g^2 | R = 1] *)
Definition class_square0 := E (fun a => (1 - r a) * g a ^2) / (1 - P).
Let U := sum_over (fun a => r a * g a).
Let W := sum_over (fun a => (1 - r a) * g a).
Let m1 := class_mean1.
Let m0 := class_mean0.
Let s1 := class_square1.
Let s0 := class_square0.
Lemma by_class (F : A -> R) (c1 c0 : R) (f1 f0 : A -> R) : (forall a, In a l -> F a = p a * (r a * (c1 * f1 a) + (1 - r a) * (c0 * f0 a))) ->
  sum_over F l = c1 * E (fun a => r a * f1 a) + c0 * E (fun a => (1 - r a) * f0 a).
Proof. intros H. rewrite (sum_comb [(c1, fun a => p a * (r a * f1 a)); (c0, fun a => p a * ((1 - r a) * f0 a))]); [cbn [comb_sum]; ring | intros a Ha; rewrite H by assumption; cbn [comb]; ring]. Qed.
Lemma right_mass : E (fun a => r a * 1) = P.
Proof. unfold P. apply sum_ext. intros; ring. Qed.
Lemma wrong_mass : E (fun a => (1 - r a) * 1) = 1 - P.
Proof. rewrite (sum_comb [(1, p); (-1, fun a => p a * r a)]); [cbn [comb_sum]; rewrite H1; fold P; ring | intros; cbn [comb]; ring]. Qed.
Lemma mean1_mass : E (fun a => r a * g a) = P * m1.
Proof. unfold m1, class_mean1. field. lra. Qed.
Lemma mean0_mass : E (fun a => (1 - r a) * g a) = (1 - P) * m0.
Proof. unfold m0, class_mean0. field. lra. Qed.
Lemma square1_mass : E (fun a => r a * g a ^2) = P * s1.
Proof. unfold s1, class_square1. field. lra. Qed.
Lemma square0_mass : E (fun a => (1 - r a) * g a ^2) = (1 - P) * s0.
Proof. unfold s0, class_square0. field. lra. Qed.
(* the number of correct draws is binomial *)
Lemma count_binomial K : forall h : R -> R, EK K (fun w => h (sum_over r w)) = EB P K (fun k => h (INR k)).
Proof.
  induction K; intros h; [reflexivity |]. cbn [Pools.EK]. rewrite EB_pred.
  rewrite (by_class _ (EB P K (fun k => h (1 + INR k))) (EB P K (fun k => h (0 + INR k))) (fun _ => 1) (fun _ => 1)).
  - rewrite right_mass, wrong_mass. rewrite (EB_ext P K (fun k => h (INR (S k))) (fun k => h (1 + INR k))) by (intros; rewrite S_INR; f_equal; ring).
    rewrite (EB_ext P K (fun k => h (0 + INR k)) (fun k => h (INR k))) by (intros; f_equal; ring). ring.
  - intros a Ha. cbn [sum_over]. rewrite (IHK (fun t => h (r a + t))). destruct (Hr a Ha) as [-> | ->]; ring.
Qed.
Lemma shift_count K f : EB P K (fun k => f (INR (S k))) = EB P K (fun k => f (1 + INR k)).
Proof. apply EB_ext. intros. rewrite S_INR. f_equal. ring. Qed.
Lemma zero_count K f : EB P K (fun k => f (0 + INR k)) = EB P K (fun k => f (INR k)).
Proof. apply EB_ext. intros. f_equal. ring. Qed.
Lemma correct_scores K : forall h : R -> R, EK K (fun w => U w * h (sum_over r w)) = m1 * EB P K (fun k => INR k * h (INR k)).
Proof.
  induction K; intros h; [unfold U; cbn; ring |]. cbn [Pools.EK]. rewrite EB_pred.
  set (X := fun x => EB P K (fun k => h (x + INR k))). set (Y := fun x => EB P K (fun k => INR k * h (x + INR k))).
  rewrite (sum_ext _ (fun a => p a * (r a * g a * X (r a) + m1 * Y (r a)))).
  - rewrite (sum_comb [(X 1, fun a => p a * (r a * g a)); (m1 * Y 1, fun a => p a * r a); (m1 * Y 0, fun a => p a * ((1 - r a) * 1))]).
    + cbn [comb_sum]. rewrite mean1_mass, wrong_mass. fold P. rewrite (shift_count K (fun t => t * h t)). rewrite <- (zero_count K (fun t => t * h t)).
      rewrite (EB_ext P K (fun k => (1 + INR k) * h (1 + INR k)) (fun k => h (1 + INR k) + INR k * h (1 + INR k))) by (intros; ring).
      rewrite (EB_ext P K (fun k => (0 + INR k) * h (0 + INR k)) (fun k => INR k * h (0 + INR k))) by (intros; ring).
      rewrite EB_plus. unfold X, Y. ring.
    + intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; ring.
  - intros a Ha. f_equal. rewrite (EK_linear K [(r a * g a, fun w => h (r a + sum_over r w)); (1, fun w => U w * h (r a + sum_over r w))]).
    + cbn [comb_EK]. rewrite (count_binomial K (fun t => h (r a + t))), (IHK (fun t => h (r a + t))). unfold X, Y. ring.
    + intros w. unfold U. cbn [comb sum_over]. ring.
Qed.
Lemma wrong_scores K : forall h : R -> R, EK K (fun w => W w * h (sum_over r w)) = m0 * EB P K (fun k => (INR K - INR k) * h (INR k)).
Proof.
  induction K; intros h; [unfold W; cbn; ring |]. cbn [Pools.EK]. rewrite EB_pred.
  set (X := fun x => EB P K (fun k => h (x + INR k))). set (Y := fun x => EB P K (fun k => (INR K - INR k) * h (x + INR k))).
  rewrite (sum_ext _ (fun a => p a * ((1 - r a) * g a * X (r a) + m0 * Y (r a)))).
  - rewrite (sum_comb [(X 0, fun a => p a * ((1 - r a) * g a)); (m0 * Y 1, fun a => p a * r a); (m0 * Y 0, fun a => p a * ((1 - r a) * 1))]).
    + cbn [comb_sum]. rewrite mean0_mass, wrong_mass. fold P. rewrite S_INR.
      rewrite (shift_count K (fun t => (INR K + 1 - t) * h t)). rewrite <- (zero_count K (fun t => (INR K + 1 - t) * h t)).
      rewrite (EB_ext P K (fun k => (INR K + 1 - (1 + INR k)) * h (1 + INR k)) (fun k => (INR K - INR k) * h (1 + INR k))) by (intros; ring).
      rewrite (EB_ext P K (fun k => (INR K + 1 - (0 + INR k)) * h (0 + INR k)) (fun k => h (0 + INR k) + (INR K - INR k) * h (0 + INR k))) by (intros; ring).
      rewrite EB_plus. unfold X, Y. ring.
    + intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; ring.
  - intros a Ha. f_equal. rewrite (EK_linear K [((1 - r a) * g a, fun w => h (r a + sum_over r w)); (1, fun w => W w * h (r a + sum_over r w))]).
    + cbn [comb_EK]. rewrite (count_binomial K (fun t => h (r a + t))), (IHK (fun t => h (r a + t))). unfold X, Y. ring.
    + intros w. unfold W. cbn [comb sum_over]. ring.
Qed.
Lemma correct_squares K : forall h : R -> R, EK K (fun w => U w ^2 * h (sum_over r w)) = EB P K (fun k => (INR k * s1 + INR k * (INR k - 1) * m1 ^2) * h (INR k)).
Proof.
  induction K; intros h; [unfold U; cbn; ring |]. cbn [Pools.EK]. rewrite EB_pred.
  set (X := fun x => EB P K (fun k => h (x + INR k))). set (Y := fun x => EB P K (fun k => INR k * h (x + INR k))).
  set (Q := fun x => EB P K (fun k => (INR k * s1 + INR k * (INR k - 1) * m1 ^2) * h (x + INR k))).
  rewrite (sum_ext _ (fun a => p a * ((r a * g a)^2 * X (r a) + 2 * (r a * g a) * (m1 * Y (r a)) + Q (r a)))).
  - rewrite (sum_comb [(X 1, fun a => p a * (r a * g a ^2)); (2 * m1 * Y 1, fun a => p a * (r a * g a)); (Q 1, fun a => p a * r a); (Q 0, fun a => p a * ((1 - r a) * 1))]).
    + cbn [comb_sum]. rewrite mean1_mass, square1_mass, wrong_mass. fold P.
      rewrite (shift_count K (fun t => (t * s1 + t * (t - 1) * m1 ^2) * h t)). rewrite <- (zero_count K (fun t => (t * s1 + t * (t - 1) * m1 ^2) * h t)).
      rewrite (EB_ext P K (fun k => ((1 + INR k) * s1 + (1 + INR k) * (1 + INR k - 1) * m1 ^2) * h (1 + INR k))
        (fun k => (s1 * h (1 + INR k) + (2 * m1 ^2) * (INR k * h (1 + INR k))) + (INR k * s1 + INR k * (INR k - 1) * m1 ^2) * h (1 + INR k))) by (intros; ring).
      rewrite (EB_ext P K (fun k => ((0 + INR k) * s1 + (0 + INR k) * (0 + INR k - 1) * m1 ^2) * h (0 + INR k)) (fun k => (INR k * s1 + INR k * (INR k - 1) * m1 ^2) * h (0 + INR k))) by (intros; ring).
      rewrite EB_plus, EB_lin. unfold X, Y, Q. ring.
    + intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; ring.
  - intros a Ha. f_equal. rewrite (EK_linear K [((r a * g a)^2, fun w => h (r a + sum_over r w)); (2 * (r a * g a), fun w => U w * h (r a + sum_over r w)); (1, fun w => U w ^2 * h (r a + sum_over r w))]).
    + cbn [comb_EK]. rewrite (count_binomial K (fun t => h (r a + t))), (correct_scores K (fun t => h (r a + t))), (IHK (fun t => h (r a + t))). unfold X, Y, Q. ring.
    + intros w. unfold U. cbn [comb sum_over]. ring.
Qed.
Lemma wrong_squares K : forall h : R -> R, EK K (fun w => W w ^2 * h (sum_over r w))
  = EB P K (fun k => ((INR K - INR k) * s0 + (INR K - INR k) * (INR K - INR k - 1) * m0 ^2) * h (INR k)).
Proof.
  induction K; intros h; [unfold W; cbn; ring |]. cbn [Pools.EK]. rewrite EB_pred.
  set (X := fun x => EB P K (fun k => h (x + INR k))). set (Y := fun x => EB P K (fun k => (INR K - INR k) * h (x + INR k))).
  set (Q := fun x => EB P K (fun k => ((INR K - INR k) * s0 + (INR K - INR k) * (INR K - INR k - 1) * m0 ^2) * h (x + INR k))).
  rewrite (sum_ext _ (fun a => p a * (((1 - r a) * g a)^2 * X (r a) + 2 * ((1 - r a) * g a) * (m0 * Y (r a)) + Q (r a)))).
  - rewrite (sum_comb [(X 0, fun a => p a * ((1 - r a) * g a ^2)); (2 * m0 * Y 0, fun a => p a * ((1 - r a) * g a)); (Q 1, fun a => p a * r a); (Q 0, fun a => p a * ((1 - r a) * 1))]).
    + cbn [comb_sum]. rewrite mean0_mass, square0_mass, wrong_mass, S_INR. fold P. set (f := fun t => ((INR K + 1 - t) * s0 + (INR K + 1 - t) * (INR K + 1 - t - 1) * m0 ^2) * h t).
      change (EB P K (fun k => ((INR K + 1 - INR (S k)) * s0 + (INR K + 1 - INR (S k)) * (INR K + 1 - INR (S k) - 1) * m0 ^2) * h (INR (S k)))) with (EB P K (fun k => f (INR (S k)))).
      change (EB P K (fun k => ((INR K + 1 - INR k) * s0 + (INR K + 1 - INR k) * (INR K + 1 - INR k - 1) * m0 ^2) * h (INR k))) with (EB P K (fun k => f (INR k))).
      rewrite (shift_count K f), <- (zero_count K f). unfold f.
      rewrite (EB_ext P K (fun k => ((INR K + 1 - (1 + INR k)) * s0 + (INR K + 1 - (1 + INR k)) * (INR K + 1 - (1 + INR k) - 1) * m0 ^2) * h (1 + INR k))
        (fun k => ((INR K - INR k) * s0 + (INR K - INR k) * (INR K - INR k - 1) * m0 ^2) * h (1 + INR k))) by (intros; ring).
      rewrite (EB_ext P K (fun k => ((INR K + 1 - (0 + INR k)) * s0 + (INR K + 1 - (0 + INR k)) * (INR K + 1 - (0 + INR k) - 1) * m0 ^2) * h (0 + INR k))
        (fun k => (s0 * h (0 + INR k) + (2 * m0 ^2) * ((INR K - INR k) * h (0 + INR k))) + ((INR K - INR k) * s0 + (INR K - INR k) * (INR K - INR k - 1) * m0 ^2) * h (0 + INR k))) by (intros; ring).
      rewrite EB_plus, EB_lin. unfold X, Y, Q. ring.
    + intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; ring.
  - intros a Ha. f_equal. rewrite (EK_linear K [(((1 - r a) * g a)^2, fun w => h (r a + sum_over r w)); (2 * ((1 - r a) * g a), fun w => W w * h (r a + sum_over r w)); (1, fun w => W w ^2 * h (r a + sum_over r w))]).
    + cbn [comb_EK]. rewrite (count_binomial K (fun t => h (r a + t))), (wrong_scores K (fun t => h (r a + t))), (IHK (fun t => h (r a + t))). unfold X, Y, Q. ring.
    + intros w. unfold W. cbn [comb sum_over]. ring.
Qed.
Lemma cross_scores K : forall h : R -> R, EK K (fun w => U w * W w * h (sum_over r w)) = m1 * m0 * EB P K (fun k => INR k * (INR K - INR k) * h (INR k)).
Proof.
  induction K; intros h; [unfold U, W; cbn; ring |]. cbn [Pools.EK]. rewrite EB_pred.
  set (X := fun x => EB P K (fun k => INR k * h (x + INR k))). set (Y := fun x => EB P K (fun k => (INR K - INR k) * h (x + INR k))).
  set (Q := fun x => EB P K (fun k => INR k * (INR K - INR k) * h (x + INR k))).
  rewrite (sum_ext _ (fun a => p a * (r a * g a * (m0 * Y (r a)) + (1 - r a) * g a * (m1 * X (r a)) + m1 * m0 * Q (r a)))).
  - rewrite (sum_comb [(m0 * Y 1, fun a => p a * (r a * g a)); (m1 * X 0, fun a => p a * ((1 - r a) * g a)); (m1 * m0 * Q 1, fun a => p a * r a); (m1 * m0 * Q 0, fun a => p a * ((1 - r a) * 1))]).
    + cbn [comb_sum]. rewrite mean1_mass, mean0_mass, wrong_mass, S_INR. fold P.
      rewrite (shift_count K (fun t => t * (INR K + 1 - t) * h t)). rewrite <- (zero_count K (fun t => t * (INR K + 1 - t) * h t)).
      rewrite (EB_ext P K (fun k => (1 + INR k) * (INR K + 1 - (1 + INR k)) * h (1 + INR k)) (fun k => (INR K - INR k) * h (1 + INR k) + INR k * (INR K - INR k) * h (1 + INR k))) by (intros; ring).
      rewrite (EB_ext P K (fun k => (0 + INR k) * (INR K + 1 - (0 + INR k)) * h (0 + INR k)) (fun k => INR k * h (0 + INR k) + INR k * (INR K - INR k) * h (0 + INR k))) by (intros; ring).
      rewrite !EB_plus. unfold X, Y, Q. ring.
    + intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; ring.
  - intros a Ha. f_equal. rewrite (EK_linear K [(r a * g a * ((1 - r a) * g a), fun w => h (r a + sum_over r w)); (r a * g a, fun w => W w * h (r a + sum_over r w)); ((1 - r a) * g a, fun w => U w * h (r a + sum_over r w)); (1, fun w => U w * W w * h (r a + sum_over r w))]).
    + cbn [comb_EK]. rewrite (wrong_scores K (fun t => h (r a + t))), (correct_scores K (fun t => h (r a + t))), (IHK (fun t => h (r a + t))). unfold X, Y, Q.
      destruct (Hr a Ha) as [-> | ->]; ring.
    + intros w. unfold U, W. cbn [comb sum_over]. ring.
Qed.
End Classes.
End Draws.
