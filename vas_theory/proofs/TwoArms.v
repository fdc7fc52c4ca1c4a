(* A42: two arms, the expected gain of a one-sample step of ANY length, from the softmax itself. *)
Require Import Reals Lra Psatz.
Open Scope R_scope.
Lemma exp_tangent y z : exp z * (1 + (y - z)) <= exp y.
Proof. replace (exp y) with (exp z * exp (y - z)) by (rewrite <- exp_plus; f_equal; ring). apply Rmult_le_compat_l; [left; apply exp_pos | apply exp_ineq1_le]. Qed.
(* 1 - e^{-x} is concave: 1 - e^{-s x} >= s (1 - e^{-x}) for s in [0, 1] *)
Lemma one_minus_exp s x : 0 <= s <= 1 -> s * (1 - exp (- x)) <= 1 - exp (- (s * x)).
Proof.
  intros Hs. assert (A := exp_tangent 0 (- (s * x))). assert (B := exp_tangent (- x) (- (s * x))). rewrite exp_0 in A.
  set (z := exp (- (s * x))) in *. set (y := exp (- x)) in *. clearbody z y.
  assert (A' := Rmult_le_compat_l (1 - s) _ _ ltac:(lra) A). assert (B' := Rmult_le_compat_l s _ _ ltac:(lra) B).
  assert (z = (1 - s) * (z * (1 + (0 - - (s * x)))) + s * (z * (1 + (- x - - (s * x))))) by ring. lra.
Qed.
Definition P a b := exp a / (exp a + exp b). (* softmax of two logits: probability of the first arm *)
Section Gain.
Variables a b r1 r2 eta : R.
Definition J (a b : R) := P a b * r1 + (1 - P a b) * r2.
Let p := P a b.
Definition grad2 := (p * (r1 - J a b))^2 + ((1 - p) * (r2 - J a b))^2.
(* theta + eta (r_y - J) (e_y - pi) after the draw of arm y *)
Definition after1 := J (a + eta * (r1 - J a b) * (1 - p)) (b + eta * (r1 - J a b) * (0 - (1 - p))).
Definition after2 := J (a + eta * (r2 - J a b) * (0 - p)) (b + eta * (r2 - J a b) * (1 - (1 - p))).
Definition gain := p * after1 + (1 - p) * after2 - J a b.
Lemma p_in : 0 < p < 1.
Proof.
  unfold p, P. assert (Ha := exp_pos a). assert (Hb := exp_pos b). split; [apply Rdiv_lt_0_compat; lra |].
  apply Rmult_lt_reg_r with (exp a + exp b); [lra |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra.
Qed.
Lemma moved x y : 0 <= x - y -> p + p * (1 - p) * (1 - exp (- (x - y))) <= P (a + x) (b + y).
Proof.
  intros Ht. assert (Hp := p_in). assert (Ha := exp_pos a). assert (Hb := exp_pos b).
  set (X := exp (x - y)). assert (HX : 1 <= X). { rewrite <- exp_0. destruct (Req_dec (x - y) 0) as [e | n]; [unfold X; rewrite e; lra | left; apply exp_increasing; lra]. }
  assert (E1 : P (a + x) (b + y) = p * X / (p * X + (1 - p))).
  { assert (EX : X = exp x * / exp y) by (unfold X, Rminus; rewrite exp_plus, exp_Ropp; reflexivity). rewrite EX. unfold p, P. rewrite !exp_plus. assert (Hx := exp_pos x). assert (Hy := exp_pos y).
    assert (0 < exp a * exp x) by nra. assert (0 < exp b * exp y) by nra. field. repeat split; nra. }
  rewrite E1, exp_Ropp. fold X. clearbody X. clear E1. clearbody p.
  assert (HD : 0 < p * X + (1 - p)) by nra.
  assert (D : p * X / (p * X + (1 - p)) - (p + p * (1 - p) * (1 - / X)) = p * (1 - p)^2 * (X - 1)^2 / (X * (p * X + (1 - p)))) by (field; split; lra).
  assert (0 <= p * (1 - p)^2 * (X - 1)^2 / (X * (p * X + (1 - p)))).
  { apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos; [lra | apply pow2_ge_0] | apply pow2_ge_0] | left; apply Rinv_0_lt_compat; nra]. }
  lra.
Qed.
(* A42 *)
Theorem one_sample_gain : r2 < r1 -> 0 < eta -> let delta := r1 - r2 in
  grad2 * (1 - exp (- (2 * eta * delta))) / (2 * delta) <= gain.
Proof.
  intros Hr He delta. assert (Hp := p_in). assert (0 < delta) by (unfold delta; lra).
  assert (J1 : r1 - J a b = delta * (1 - p)) by (unfold J, delta; fold p; ring).
  assert (J2 : r2 - J a b = - (delta * p)) by (unfold J, delta; fold p; ring).
  set (x := 2 * eta * delta). assert (0 < eta * delta) by nra.
  assert (M1 := moved (eta * (r1 - J a b) * (1 - p)) (eta * (r1 - J a b) * (0 - (1 - p)))).
  assert (M2 := moved (eta * (r2 - J a b) * (0 - p)) (eta * (r2 - J a b) * (1 - (1 - p)))).
  rewrite J1 in M1. rewrite J2 in M2.
  replace (eta * (delta * (1 - p)) * (1 - p) - eta * (delta * (1 - p)) * (0 - (1 - p))) with ((1 - p)^2 * x) in M1 by (unfold x; ring).
  replace (eta * - (delta * p) * (0 - p) - eta * - (delta * p) * (1 - (1 - p))) with (p^2 * x) in M2 by (unfold x; ring).
  assert (C1 := one_minus_exp ((1 - p)^2) x ltac:(nra)). assert (C2 := one_minus_exp (p^2) x ltac:(nra)).
  unfold gain, after1, after2. rewrite J1, J2. unfold J at 1 2 3. fold p.
  set (P1 := P (a + eta * (delta * (1 - p)) * (1 - p)) _) in *. set (P2 := P (a + eta * - (delta * p) * (0 - p)) _) in *.
  specialize (M1 ltac:(apply Rmult_le_pos; [apply pow2_ge_0 | unfold x; lra])). specialize (M2 ltac:(apply Rmult_le_pos; [apply pow2_ge_0 | unfold x; lra])).
  unfold grad2. rewrite J1, J2. fold x. set (e := exp (- x)) in *. set (e1 := exp (- ((1-p)^2 * x))) in *. set (e2 := exp (- (p^2 * x))) in *.
  clearbody P1 P2 e e1 e2 p. clear J1 J2.
  replace (((p * (delta * (1 - p)))^2 + ((1 - p) * - (delta * p))^2) * (1 - e) / (2 * delta)) with (delta * (p * (1 - p))^2 * (1 - e)) by (field; lra).
  replace (p * (P1 * r1 + (1 - P1) * r2) + (1 - p) * (P2 * r1 + (1 - P2) * r2) - (p * r1 + (1 - p) * r2)) with (delta * (p * (P1 - p) + (1 - p) * (P2 - p))) by (unfold delta; ring).
  rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra |].
  assert (0 < p * (1 - p)) by nra.
  assert (N1 : p * (1 - p) * ((1 - p)^2 * (1 - e)) <= P1 - p) by (apply Rle_trans with (p * (1 - p) * (1 - e1)); [apply Rmult_le_compat_l; lra | lra]).
  assert (N2 : p * (1 - p) * (p^2 * (1 - e)) <= P2 - p) by (apply Rle_trans with (p * (1 - p) * (1 - e2)); [apply Rmult_le_compat_l; lra | lra]).
  apply Rle_trans with (p * (p * (1 - p) * ((1 - p)^2 * (1 - e))) + (1 - p) * (p * (1 - p) * (p^2 * (1 - e)))).
  - right; ring. - apply Rplus_le_compat; apply Rmult_le_compat_l; lra.
Qed.
End Gain.
