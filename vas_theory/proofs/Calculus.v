(* Mean-value consequences of a derivative on an interval, used by several families. *)
Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.

Lemma mean_value f f' a b : a < b -> (forall x, a <= x <= b -> is_derive f x (f' x)) ->
  exists c, a < c < b /\ f b - f a = f' c * (b - a).
Proof.
  intros Hab Hd. destruct (MVT_cor2 f f' a b Hab) as [c [E Hc]].
  - intros c Hc. apply is_derive_Reals. apply Hd. exact Hc.
  - exists c. split; assumption.
Qed.
Lemma nondecreasing f f' a b : a <= b -> (forall x, a <= x <= b -> is_derive f x (f' x)) ->
  (forall x, a <= x <= b -> 0 <= f' x) -> f a <= f b.
Proof.
  intros Hab Hd Hp. destruct (Req_dec a b) as [-> | n]; [lra |].
  destruct (mean_value f f' a b ltac:(lra) Hd) as [c [Hc E]]. specialize (Hp c ltac:(lra)).
  assert (0 <= f' c * (b - a)) by (apply Rmult_le_pos; lra). lra.
Qed.
Lemma increasing f f' a b : a < b -> (forall x, a <= x <= b -> is_derive f x (f' x)) ->
  (forall x, a < x < b -> 0 < f' x) -> f a < f b.
Proof.
  intros Hab Hd Hp. destruct (mean_value f f' a b Hab Hd) as [c [Hc E]]. specialize (Hp c Hc).
  assert (0 < f' c * (b - a)) by (apply Rmult_lt_0_compat; lra). lra.
Qed.
Lemma derive_sign_flip (f f' : R -> R) x : is_derive f x (f' x) -> is_derive (fun t => - f t) x (- f' x).
Proof. intros H. apply (is_derive_opp f). exact H. Qed.
(* Taylor with a lower bound on the second derivative along [0, 1] *)
Lemma taylor_below f f' f'' C : (forall t, 0 <= t <= 1 -> is_derive f t (f' t)) -> (forall t, 0 <= t <= 1 -> is_derive f' t (f'' t)) ->
  (forall t, 0 <= t <= 1 -> - C <= f'' t) -> f 0 + f' 0 - C / 2 <= f 1.
Proof.
  intros H1 H2 HC.
  assert (S : forall t, 0 <= t <= 1 -> 0 <= f' t - f' 0 + C * t).
  { intros t Ht. assert (A := nondecreasing (fun t => f' t + C * t) (fun t => f'' t + C) 0 t ltac:(lra)).
    assert (f' 0 + C * 0 <= f' t + C * t); [| lra]. apply A.
    - intros x Hx. apply (is_derive_plus f' (fun t => C * t)); [apply H2; lra | auto_derive; [trivial | ring]].
    - intros x Hx. specialize (HC x ltac:(lra)). lra. }
  assert (A := nondecreasing (fun t => f t + (- f' 0 * t + C * t ^ 2 / 2)) (fun t => f' t + (- f' 0 + C * t)) 0 1 ltac:(lra)).
  assert (f 0 + (- f' 0 * 0 + C * 0 ^ 2 / 2) <= f 1 + (- f' 0 * 1 + C * 1 ^ 2 / 2)); [| lra]. apply A.
  - intros x Hx. apply (is_derive_plus f (fun t => - f' 0 * t + C * t ^ 2 / 2)); [apply H1; lra | auto_derive; [trivial | field]].
  - intros x Hx. specialize (S x Hx). lra.
Qed.
(* a function that is symmetric about 1/2 and has an increasing derivative is least at 1/2 *)
Lemma symmetric_minimum f f' : (forall t, is_derive f t (f' t)) -> (forall x y, 0 <= x -> x <= y -> y <= 1 -> f' x <= f' y) ->
  (forall t, f t = f (1 - t)) -> forall p, 0 <= p <= 1 -> f (1 / 2) <= f p.
Proof.
  intros Hd Hm Hs.
  assert (Half : forall p, 0 <= p < 1 / 2 -> f (1 / 2) <= f p).
  { intros p Hp. destruct (mean_value f f' p (1/2) ltac:(lra) (fun x _ => Hd x)) as [c [Hc Ec]].
    destruct (mean_value f f' (1/2) (1 - p) ltac:(lra) (fun x _ => Hd x)) as [d [Hd' Ed]].
    rewrite <- (Hs p) in Ed. assert (f' c <= f' d) by (apply Hm; lra).
    assert (0 <= (f' d - f' c) * (1/2 - p)) by (apply Rmult_le_pos; lra).
    replace (1 - p - 1/2) with (1/2 - p) in Ed by lra. lra. }
  intros p Hp. destruct (Rtotal_order p (1/2)) as [L | [-> | L]]; [apply Half; lra | lra |].
  rewrite (Hs p). apply Half; lra.
Qed.
(* symmetric about 1/2 with a strictly decreasing derivative: strictly increasing in p (1 - p) *)
Lemma symmetric_increasing f f' : (forall t, is_derive f t (f' t)) -> (forall x y, 0 <= x -> x < y -> y <= 1 -> f' y < f' x) ->
  (forall t, f t = f (1 - t)) -> forall p s, 0 <= p <= 1 -> 0 <= s <= 1 -> p * (1 - p) < s * (1 - s) -> f p < f s.
Proof.
  intros Hd Hm Hs.
  assert (D0 : f' (1/2) = 0).
  { assert (A : is_derive (fun t => f (1 - t)) (1/2) (- f' (1/2))).
    { evar_last. apply (is_derive_comp f (fun t => 1 - t)); [replace (1 - 1/2) with (1/2) by lra; apply Hd | auto_derive; [trivial | reflexivity]].
      unfold scal; simpl; unfold mult; simpl; ring. }
    assert (B : is_derive f (1/2) (- f' (1/2))) by (apply (is_derive_ext (fun t => f (1 - t))); [intros t; symmetry; apply Hs | exact A]).
    assert (E1 := is_derive_unique _ _ _ (Hd (1/2))). assert (E2 := is_derive_unique _ _ _ B). lra. }
  assert (Low : forall p s, 0 <= p -> p < s -> s <= 1/2 -> f p < f s).
  { intros p s H0 H1 H2. apply (increasing f f'); [assumption | intros; apply Hd |]. intros x Hx.
    rewrite <- D0. apply Hm; lra. }
  assert (Fold : forall p, f p = f (Rmin p (1 - p))).
  { intros p. unfold Rmin. destruct (Rle_dec p (1 - p)); [reflexivity | apply Hs]. }
  intros p s Hp Hs' Hq. rewrite (Fold p), (Fold s).
  assert (Q : forall x, Rmin x (1 - x) * (1 - Rmin x (1 - x)) = x * (1 - x)) by (intros x; unfold Rmin; destruct (Rle_dec x (1 - x)); ring).
  assert (R : forall x, 0 <= x <= 1 -> 0 <= Rmin x (1 - x) <= 1/2) by (intros x Hx; unfold Rmin; destruct (Rle_dec x (1 - x)); lra).
  apply Low; [apply R; assumption | | apply R; assumption].
  rewrite <- (Q p), <- (Q s) in Hq. assert (Rp := R p Hp). assert (Rs := R s Hs').
  set (a := Rmin p (1 - p)) in *. set (b := Rmin s (1 - s)) in *. destruct (Rlt_le_dec a b); [assumption | exfalso].
  assert (0 <= (a - b) * (1 - a - b)) by (apply Rmult_le_pos; lra). lra.
Qed.
Lemma derive_ext (f h : R -> R) x l : (forall t, f t = h t) -> is_derive f x l -> is_derive h x l.
Proof. intros H. apply is_derive_ext. exact H. Qed.
Lemma derive_value (f : R -> R) x l l' : l = l' -> is_derive f x l -> is_derive f x l'.
Proof. intros ->. trivial. Qed.
(* Coquelicot states equations in R as a module; ring and field want them in R *)
Ltac real_equation := match goal with |- @eq _ ?x ?y => change (@eq R x y) end.
(* the integral from 0 of a continuous function has it as its slope *)
Lemma integral_derive (f : R -> R) : (forall x, continuous f x) -> forall p : R, is_derive (fun p => RInt f 0 p) p (f p).
Proof.
  intros Hf p. apply (is_derive_RInt f (fun p => RInt f 0 p) 0 p); [| apply Hf].
  apply filter_forall. intros b. apply (@RInt_correct R_CompleteNormedModule). apply (@ex_RInt_continuous R_CompleteNormedModule). intros; apply Hf.
Qed.
