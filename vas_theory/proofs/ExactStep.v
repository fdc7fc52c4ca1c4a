(* B08: what an exact gradient step of any length gains, for every number of arms. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Derivative Curvature Hessian Paths.
Import ListNotations.
Open Scope R_scope.
Section ExactStep.
Variables (K : nat) (r th : nat -> R) (lo hi : R).
Hypothesis HK : (0 < K)%nat.
Hypothesis Hr : forall i, (i < K)%nat -> lo <= r i <= hi.
Hypothesis Hd : lo < hi.
Notation arms := (seq 0 K).
Notation V := (value K r).
Notation p := (softmax K th).
Notation gradient := (partial K r th).
Notation squared_gradient := (sum_over (fun i => gradient i ^2) arms). (* |grad V|^2 *)
Definition gain eta := V (fun j => th j + eta * gradient j) - V th.
Let delta := hi - lo.
Lemma gradient_form i : In i arms -> gradient i = p i * (r i - V th).
Proof. intros Hi. rewrite partial_eq by assumption. reflexivity. Qed.
Lemma gain_along eta : gain eta = V (along th gradient eta) - V th.
Proof. reflexivity. Qed.
Lemma first_branch eta : 0 <= eta -> eta * squared_gradient * (1 - eta * delta / (6 * sqrt 3)) <= gain eta.
Proof.
  intros He. set (L := delta / (3 * sqrt 3) * squared_gradient). destruct sqrt3_bounds as (s3 & _ & _).
  assert (E1 : sum_over (fun i => partial K r (along th gradient 0) i * gradient i) arms = squared_gradient).
  { apply sum_ext. intros i Hi. apply in_seq in Hi. rewrite (partial_ext K r HK (along th gradient 0) th) by (try lia; apply along_0). ring. }
  assert (B := convex_start (fun t => V (along th gradient t) - t * squared_gradient + t^2 / 2 * L)
    (fun t => sum_over (fun i => partial K r (along th gradient t) i * gradient i) arms - squared_gradient + t * L)
    (fun t => curvature arms (softmax K (along th gradient t)) r gradient + L) eta He).
  cbv beta in B. rewrite E1 in B. rewrite (value_ext K r (along th gradient 0) th) in B by apply along_0.
  assert (G : V th - 0 * squared_gradient + 0^2 / 2 * L <= V (along th gradient eta) - eta * squared_gradient + eta ^2 / 2 * L).
  { apply B.
    - ring.
    - intros t _. evar_last.
      + apply (is_derive_plus (fun t => V (along th gradient t) - t * squared_gradient) (fun t => t^2 / 2 * L)).
        * apply (is_derive_minus (fun t => V (along th gradient t)) (fun t => t * squared_gradient)); [apply value_along_derive; assumption | auto_derive; [trivial | reflexivity]].
        * auto_derive; [trivial | reflexivity].
      + unfold plus, minus, opp, plus; cbn. field.
    - intros t _. evar_last.
      + apply (is_derive_plus (fun t => sum_over (fun i => partial K r (along th gradient t) i * gradient i) arms - squared_gradient) (fun t => t * L)).
        * apply (is_derive_minus (fun t => sum_over (fun i => partial K r (along th gradient t) i * gradient i) arms) (fun t => squared_gradient)); [apply slope_along_derive; assumption | apply @is_derive_const].
        * auto_derive; [trivial | reflexivity].
      + unfold plus, minus, opp, plus, zero; cbn. ring.
    - intros t _.
      assert (C := curvature_bound arms (softmax K (along th gradient t)) (fun a _ => Rlt_le _ _ (softmax_pos K (along th gradient t) a HK)) (softmax_sum1 K _ HK) r gradient lo hi).
      assert (C' := C ltac:(intros a Ha; apply in_seq in Ha; apply Hr; lia)). apply Rabs_le_between in C'. unfold norm2 in C'. fold delta in C'. fold L in C'. lra. }
  rewrite gain_along.
  replace (eta * squared_gradient * (1 - eta * delta / (6 * sqrt 3))) with (eta * squared_gradient - eta ^2 / 2 * L) by (unfold L; field; lra). lra.
Qed.
(* |grad_i| <= p_i (1 - p_i) delta <= delta / 4 *)
Lemma push_at_most i : (i < K)%nat -> - (delta / 4) <= gradient i <= delta / 4.
Proof.
  intros Hi. assert (Ii : In i arms) by (apply in_seq; lia). rewrite gradient_form by assumption.
  assert (P0 : forall a, 0 < p a) by (intros; apply softmax_pos; assumption). assert (P1 := softmax_sum1 K th HK). specialize (Hr i Hi) as Hri.
  assert (A1 := sum_member (fun k => p k * (r k - lo)) arms i Ii). cbv beta in A1.
  assert (A2 := sum_member (fun k => p k * (hi - r k)) arms i Ii). cbv beta in A2.
  assert (B1 : p i * (r i - lo) <= V th - lo).
  { replace (V th - lo) with (sum_over (fun k => p k * (r k - lo)) arms).
    - apply A1. intros a Ha. apply in_seq in Ha. apply Rmult_le_pos; [left; apply P0 | destruct (Hr a); [lia | lra]].
    - rewrite (sum_comb [(1, fun k => p k * r k); (- lo, p)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite P1. unfold value. ring. }
  assert (B2 : p i * (hi - r i) <= hi - V th).
  { replace (hi - V th) with (sum_over (fun k => p k * (hi - r k)) arms).
    - apply A2. intros a Ha. apply in_seq in Ha. apply Rmult_le_pos; [left; apply P0 | destruct (Hr a); [lia | lra]].
    - rewrite (sum_comb [(-1, fun k => p k * r k); (hi, p)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite P1. unfold value. ring. }
  assert (Pi1 : p i <= 1) by (rewrite <- P1; apply (sum_member p arms i Ii); intros; left; apply P0). specialize (P0 i).
  assert (Q : p i * (1 - p i) <= / 4) by (assert (0 <= (p i - / 2)^2) by apply pow2_ge_0; lra).
  assert (D : r i - V th <= (1 - p i) * delta) by (unfold delta; assert ((1 - p i) * (r i - lo) <= (1 - p i) * (hi - lo)) by (apply Rmult_le_compat_l; lra); lra).
  assert (D' : - ((1 - p i) * delta) <= r i - V th) by (unfold delta; assert ((1 - p i) * (hi - r i) <= (1 - p i) * (hi - lo)) by (apply Rmult_le_compat_l; lra); lra).
  assert (d0 : 0 < delta) by (unfold delta; lra).
  assert (W : p i * (1 - p i) * delta <= / 4 * delta) by (apply Rmult_le_compat_r; lra).
  assert (U1 : p i * (r i - V th) <= p i * ((1 - p i) * delta)) by (apply Rmult_le_compat_l; lra).
  assert (U2 : p i * (- ((1 - p i) * delta)) <= p i * (r i - V th)) by (apply Rmult_le_compat_l; lra). lra.
Qed.
Lemma second_branch eta : 0 < eta -> let s := eta * delta / 4 in eta * squared_gradient * (exp (- s) * (1 - exp (- s)) / s) <= gain eta.
Proof.
  intros He s. set (a := delta / 4). assert (a0 : 0 < a) by (unfold a, delta; lra).
  assert (Z0 : 0 < Z K th) by (apply Z_pos; assumption).
  set (A := fun j => r j - V th). set (q := fun t => softmax K (along th gradient t)).
  assert (Zt : forall t, 0 < Z K (along th gradient t)) by (intros; apply Z_pos; assumption).
  assert (q0 : forall t j, 0 < q t j) by (intros; apply softmax_pos; assumption).
  assert (q1 : forall t, sum_over (q t) arms = 1) by (intros; apply softmax_sum1; assumption).
  assert (P0 : forall j, 0 < p j) by (intros; apply softmax_pos; assumption).
  assert (Ag : forall j, In j arms -> gradient j = p j * A j) by (intros; apply gradient_form; assumption).
  assert (Eq : forall t j, q t j = p j * exp (t * gradient j) * (Z K th / Z K (along th gradient t))).
  { intros t j. unfold q, softmax. unfold along at 1. rewrite exp_plus. specialize (Zt t). field. split; lra. }
  assert (D_form : forall t, V (along th gradient t) - V th = sum_over (fun j => q t j * A j) arms).
  { intros t. unfold A. rewrite (sum_comb [(1, fun j => q t j * r j); (- V th, q t)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite q1. unfold value at 1. fold (q t). ring. }
  (* the gain is never negative: every weight e^(t grad_j) is on the side of A_j *)
  assert (D0 : forall t, 0 <= t -> 0 <= V (along th gradient t) - V th).
  { intros t Ht. rewrite D_form. rewrite (sum_ext _ (fun j => Z K th / Z K (along th gradient t) * (exp (t * gradient j) * (p j * A j)))) by (intros; rewrite Eq; ring).
    rewrite sum_scal. apply Rmult_le_pos; [left; apply Rdiv_lt_0_compat; [assumption | apply Zt] |].
    apply Rle_trans with (sum_over (fun j => p j * A j) arms).
    - right. unfold A. rewrite (sum_comb [(1, fun j => p j * r j); (- V th, p)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite softmax_sum1 by assumption. unfold value. ring.
    - apply sum_le. intros j Hj. rewrite <- Ag by assumption. destruct (Rle_lt_dec 0 (gradient j)) as [h | h].
      + assert (1 <= exp (t * gradient j)) by (assert (I := exp_ineq1_le (t * gradient j)); assert (0 <= t * gradient j) by (apply Rmult_le_pos; lra); lra). nra.
      + assert (exp (t * gradient j) <= 1).
        { rewrite <- exp_0. destruct (Req_dec (t * gradient j) 0) as [-> | n]; [lra |]. left. apply exp_increasing. assert (t * gradient j <= 0) by nra. lra. } nra. }
  assert (Growth : forall t j, 0 <= t -> In j arms -> exp (- (a * t)) <= exp (t * gradient j) <= exp (a * t)).
  { intros t j Ht Hj. apply in_seq in Hj. destruct (push_at_most j ltac:(lia)) as [l u]. fold a in l, u.
    assert (Mono : forall x y, x <= y -> exp x <= exp y) by (intros x y [h | ->]; [left; apply exp_increasing; assumption | lra]).
    split; apply Mono; nra. }
  (* E_t[A grad] >= e^(-2 a t) |grad|^2 *)
  assert (Push : forall t, 0 <= t -> exp (- (a * t)) * exp (- (a * t)) * squared_gradient <= sum_over (fun j => q t j * A j * gradient j) arms).
  { intros t Ht. assert (ZZ : Z K (along th gradient t) <= exp (a * t) * Z K th).
    { unfold Z. rewrite <- sum_scal. apply sum_le. intros j Hj. unfold along. rewrite exp_plus. assert (G := Growth t j Ht Hj). assert (E := exp_pos (th j)). nra. }
    assert (Ratio : exp (- (a * t)) <= Z K th / Z K (along th gradient t)).
    { specialize (Zt t). apply Rmult_le_reg_r with (Z K (along th gradient t)); [assumption |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
      assert (E := exp_pos (- (a * t))). apply Rle_trans with (exp (- (a * t)) * (exp (a * t) * Z K th)); [apply Rmult_le_compat_l; lra |].
      rewrite <- Rmult_assoc, <- exp_plus. replace (- (a * t) + a * t) with 0 by ring. rewrite exp_0. lra. }
    rewrite <- sum_scal. apply sum_le. intros j Hj. rewrite Eq.
    replace (p j * exp (t * gradient j) * (Z K th / Z K (along th gradient t)) * A j * gradient j)
      with (exp (t * gradient j) * (Z K th / Z K (along th gradient t)) * gradient j ^2) 
      by (set (R := Z K th / Z K (along th gradient t)); set (e := exp (t * gradient j)); transitivity (p j * A j * (e * R) * gradient j); [rewrite <- Ag by assumption |]; ring).
    apply Rmult_le_compat_r; [apply pow2_ge_0 |]. assert (E := exp_pos (- (a * t))). apply Rmult_le_compat; try lra. apply Growth; assumption. }
  assert (Mean : forall t, sum_over (fun j => q t j * gradient j) arms <= a).
  { intros t. replace a with (sum_over (fun j => a * q t j) arms) by (rewrite sum_scal, q1; ring). apply sum_le. intros j Hj. apply in_seq in Hj.
    destruct (push_at_most j ltac:(lia)) as [_ u]. fold a in u. specialize (q0 t j). nra. }
  set (n := squared_gradient) in *.
  assert (M : exp (a * 0) * (V (along th gradient 0) - V th) - n * ((1 - exp (- (a * 0))) / a)
    <= exp (a * eta) * (V (along th gradient eta) - V th) - n * ((1 - exp (- (a * eta))) / a)).
  { apply (nondecreasing (fun t => exp (a * t) * (V (along th gradient t) - V th) - n * ((1 - exp (- (a * t))) / a))
      (fun t => exp (a * t) * (a * (V (along th gradient t) - V th) + sum_over (fun j => q t j * (r j - V (along th gradient t)) * gradient j) arms) - n * exp (- (a * t)))); [lra | |].
    - intros t _. evar_last.
      + apply (is_derive_minus (fun t => exp (a * t) * (V (along th gradient t) - V th)) (fun t => n * ((1 - exp (- (a * t))) / a))).
        * apply (is_derive_mult (fun t => exp (a * t)) (fun t => V (along th gradient t) - V th)); [auto_derive; [trivial | reflexivity] | | intros; apply Rmult_comm].
          apply (is_derive_minus (fun t => V (along th gradient t)) (fun _ => V th)); [apply mean_along_derive; assumption | apply @is_derive_const].
        * auto_derive; [lra | reflexivity].
      + unfold plus, minus, mult, opp, zero, plus, opp; cbn. fold (q t). field. lra.
    - intros t Ht. set (D := V (along th gradient t) - V th).
      assert (E : sum_over (fun j => q t j * (r j - V (along th gradient t)) * gradient j) arms = sum_over (fun j => q t j * A j * gradient j) arms - D * sum_over (fun j => q t j * gradient j) arms).
      { rewrite (sum_comb [(1, fun j => q t j * A j * gradient j); (- D, fun j => q t j * gradient j)]) by (intros; unfold A, D; cbn [comb]; ring). cbn [comb_sum]. ring. }
      rewrite E. assert (D1 := D0 t (proj1 Ht)). fold D in D1. assert (P := Push t (proj1 Ht)). assert (m := Mean t).
      assert (Dm : D * sum_over (fun j => q t j * gradient j) arms <= D * a) by (apply Rmult_le_compat_l; assumption).
      assert (X : exp (- (a * t)) * exp (- (a * t)) * n <= a * D + (sum_over (fun j => q t j * A j * gradient j) arms - D * sum_over (fun j => q t j * gradient j) arms)) by lra.
      apply Rmult_le_compat_l with (r := exp (a * t)) in X; [| left; apply exp_pos].
      assert (I : exp (a * t) * (exp (- (a * t)) * exp (- (a * t)) * n) = n * exp (- (a * t))).
      { replace (exp (a * t) * (exp (- (a * t)) * exp (- (a * t)) * n)) with (exp (a * t) * exp (- (a * t)) * (exp (- (a * t)) * n)) by ring.
        rewrite <- exp_plus. replace (a * t + - (a * t)) with 0 by ring. rewrite exp_0. ring. }
      rewrite I in X. lra. }
  rewrite Rmult_0_r, Ropp_0, exp_0 in M. rewrite (value_ext K r (along th gradient 0) th) in M by apply along_0.
  replace (1 * (V th - V th) - n * ((1 - 1) / a)) with 0 in M by (field; lra).
  rewrite gain_along. fold n. assert (sa : s = a * eta) by (unfold s, a; field). rewrite sa.
  apply Rmult_le_reg_l with (exp (a * eta)); [apply exp_pos |].
  replace (exp (a * eta) * (eta * n * (exp (- (a * eta)) * (1 - exp (- (a * eta))) / (a * eta)))) with (exp (a * eta) * exp (- (a * eta)) * (n * ((1 - exp (- (a * eta))) / a))) by (field; split; lra).
  rewrite <- exp_plus. replace (a * eta + - (a * eta)) with 0 by ring. rewrite exp_0. lra.
Qed.
(* B08 *)
Definition s eta := eta * (hi - lo) / 4.
Theorem exact_step_gain eta : 0 < eta ->
  gain eta >= eta * squared_gradient * Rmax (1 - eta * (hi - lo) / (6 * sqrt 3)) (exp (- s eta) * (1 - exp (- s eta)) / s eta).
Proof.
  intros He. apply Rle_ge. unfold Rmax. destruct (Rle_dec _ _); [apply second_branch; assumption | apply first_branch; lra].
Qed.
End ExactStep.
