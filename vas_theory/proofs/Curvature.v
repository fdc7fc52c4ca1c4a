(* B07: u^T H u is at most (max r - min r) / (3 sqrt 3) |u|^2 in size, for every policy on any finite list of arms.
   The Hessian itself, as the second derivative of the softmax value, is in Hessian.v. *)
Require Import Reals Lra Psatz List.
From Vas Require Import Sums Tabular.
Import ListNotations.
Open Scope R_scope.
Definition tight := / (3 * sqrt 3). (* 1 / (3 sqrt 3) *)
Lemma sqrt3_bounds : 0 < sqrt 3 /\ sqrt 3 * sqrt 3 = 3 /\ sqrt 3 < 2.
Proof.
  assert (H : 0 < sqrt 3) by (apply sqrt_lt_R0; lra). assert (E : sqrt 3 * sqrt 3 = 3) by (apply sqrt_sqrt; lra).
  repeat split; [assumption | assumption | nra].
Qed.
Lemma tight_above : / 8 <= tight.
Proof. destruct sqrt3_bounds as (H & E & L). unfold tight. apply Rinv_le_contravar; lra. Qed.
(* 2 P (1 - P) (1 - 2 P) <= 1 / (3 sqrt 3), with equality at P = (3 - sqrt 3) / 6: the slack is (s - q)^2 (s + 2 q) / 2 *)
Lemma cubic_at_most P : 0 <= P <= 1 -> 2 * (P * (1 - P)) * (1 - 2 * P) <= tight.
Proof.
  intros HP. destruct sqrt3_bounds as (H & E & L). set (q := / sqrt 3). set (s := 1 - 2 * P).
  assert (Eq : q * q = / 3). { unfold q. rewrite <- Rinv_mult_distr by lra. rewrite E. reflexivity. }
  assert (Hq : 1 < 2 * q). { unfold q. apply Rmult_lt_reg_r with (sqrt 3); [lra |]. rewrite Rmult_assoc, Rinv_l; lra. }
  assert (Et : tight = q * (q * q)). { rewrite Eq. unfold tight, q. field. lra. }
  assert (F : tight - 2 * (P * (1 - P)) * s = / 2 * ((s - q)^2 * (s + 2 * q)) + 3 / 2 * s * (q * q - / 3)).
  { rewrite Et. replace P with ((1 - s) / 2) by (unfold s; field). field. }
  rewrite Eq in F. assert (0 <= (s - q)^2 * (s + 2 * q)) by (apply Rmult_le_pos; [apply pow2_ge_0 | unfold s; lra]). lra.
Qed.
(* the quadratic form that remains: al, be are the lengths of the negative and positive part of u on the chosen arms,
   x and y the two class means. No case distinction and no enclosure is needed. *)
Lemma two_class_form P al be x y n2 : 0 <= P <= 1 -> y^2 <= n2 -> 0 <= (x + al) * (be - x) ->
  P * (1 - P) * ((x + al) * (be - x) + (1 - 2 * P) * (x - y)^2) <= tight * (al^2 + be^2 + n2).
Proof.
  intros HP Hy Hx. assert (C := cubic_at_most P HP). assert (T := tight_above).
  assert (Q : P * (1 - P) <= / 4) by (assert (0 <= (P - / 2)^2) by apply pow2_ge_0; lra).
  assert (Q1 : P * (1 - P) * ((x + al) * (be - x)) <= 2 * tight * ((x + al) * (be - x))) by (apply Rmult_le_compat_r; lra).
  assert (Q2 : P * (1 - P) * (1 - 2 * P) * (x - y)^2 <= tight / 2 * (x - y)^2) by (apply Rmult_le_compat_r; [apply pow2_ge_0 | lra]).
  (* 2 (x + al)(be - x) + (x - y)^2 / 2 = al^2 + be^2 + y^2 - (x + al - be)^2 - (x + y)^2 / 2 *)
  assert (S1 : 0 <= tight * (x + al - be)^2) by (apply Rmult_le_pos; [lra | apply pow2_ge_0]).
  assert (S2 : 0 <= tight * (x + y)^2) by (apply Rmult_le_pos; [lra | apply pow2_ge_0]).
  assert (S3 : 0 <= tight * (n2 - y^2)) by (apply Rmult_le_pos; lra). lra.
Qed.
Section Curvature.
Context {A : Type} (arms : list A) (p : A -> R).
Hypothesis Hp : forall a, In a arms -> 0 <= p a.
Hypothesis H1 : sum_over p arms = 1.
Notation mean := (mean arms p). Notation norm2 := (norm2 arms).
Definition squared_deviation u a := (u a - mean u)^2. (* W = (U - E U)^2 *)
Definition curvature r u := sum_over (fun a => p a * (r a - mean r) * squared_deviation u a) arms. (* Cov(r, W) *)
Lemma zero_weight (c f : A -> R) : (forall a, In a arms -> 0 <= c a * p a) -> sum_over (fun a => c a * p a) arms = 0 ->
  sum_over (fun a => c a * p a * f a) arms = 0.
Proof.
  intros Hc H0. rewrite <- (sum_zero arms). apply sum_ext. intros a Ha.
  assert (M := sum_member (fun a => c a * p a) arms a Ha Hc). cbv beta in M. rewrite H0 in M. specialize (Hc a Ha).
  replace (c a * p a) with 0 by lra. ring.
Qed.
(* the covariance of a set of arms, given by its indicator c, with W *)
Lemma set_at_most c u : (forall a, In a arms -> c a = 0 \/ c a = 1) ->
  sum_over (fun a => c a * p a * (squared_deviation u a - mean (squared_deviation u))) arms <= tight * norm2 u.
Proof.
  intros Hc. set (m := mean u).
  set (P := sum_over (fun a => c a * p a) arms). set (a1 := sum_over (fun a => c a * p a * u a) arms). set (a2 := sum_over (fun a => c a * p a * u a ^2) arms).
  set (b1 := sum_over (fun a => (1 - c a) * p a * u a) arms). set (b2 := sum_over (fun a => (1 - c a) * p a * u a ^2) arms).
  assert (Hc0 : forall a, In a arms -> 0 <= c a * p a) by (intros a Ha; specialize (Hp a Ha); destruct (Hc a Ha) as [-> | ->]; lra).
  assert (Hd0 : forall a, In a arms -> 0 <= (1 - c a) * p a) by (intros a Ha; specialize (Hp a Ha); destruct (Hc a Ha) as [-> | ->]; lra).
  assert (EQ : sum_over (fun a => (1 - c a) * p a) arms = 1 - P).
  { rewrite (sum_comb [(1, p); (-1, fun a => c a * p a)]); [cbn [comb_sum]; rewrite H1; fold P; ring | intros; cbn [comb]; ring]. }
  assert (Em : m = a1 + b1).
  { unfold m, Tabular.mean. rewrite (sum_comb [(1, fun a => c a * p a * u a); (1, fun a => (1 - c a) * p a * u a)]); [cbn [comb_sum]; fold a1 b1; ring | intros; cbn [comb]; ring]. }
  assert (EW : mean (squared_deviation u) = a2 + b2 - m^2).
  { unfold Tabular.mean, squared_deviation. fold m. rewrite (sum_comb [(1, fun a => c a * p a * u a ^2); (1, fun a => (1 - c a) * p a * u a ^2); (-2 * m, fun a => p a * u a); (m^2, p)]).
    - cbn [comb_sum]. rewrite H1. fold a2 b2. fold (mean u). fold m. ring. - intros; cbn [comb]; ring. }
  assert (N : 0 <= tight * norm2 u) by (apply Rmult_le_pos; [assert (T := tight_above); lra | apply sum_nonneg; intros; apply pow2_ge_0]).
  assert (P01 : 0 <= P <= 1). { split; [apply sum_nonneg; assumption |]. assert (0 <= 1 - P) by (rewrite <- EQ; apply sum_nonneg; assumption). lra. }
  destruct (Req_dec P 0) as [P0 | P0]; [rewrite (zero_weight c) by assumption; exact N |].
  destruct (Req_dec P 1) as [P1 | P1].
  { rewrite (sum_comb [(1, fun a => p a * squared_deviation u a); (- mean (squared_deviation u), p);
      (-1, fun a => (1 - c a) * p a * (squared_deviation u a - mean (squared_deviation u)))]) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. rewrite (zero_weight (fun a => 1 - c a)); [| assumption | cbv beta; rewrite EQ; lra].
    rewrite H1. fold (mean (squared_deviation u)). lra. }
  assert (EF : sum_over (fun a => c a * p a * (squared_deviation u a - mean (squared_deviation u))) arms
      = (1 - P) * a2 - P * b2 - 2 * m * ((1 - P) * a1 - P * b1)).
  { rewrite EW. rewrite (sum_comb [(1, fun a => c a * p a * u a ^2); (-2 * m, fun a => c a * p a * u a); (m^2 - (a2 + b2 - m^2), fun a => c a * p a)]).
    - cbn [comb_sum]. fold P a1 a2. rewrite Em. ring. - intros; unfold squared_deviation; fold m; cbn [comb]; ring. }
  rewrite EF. clear EF.
  (* u on the set lies between -al and be, whose squares add up to at most |u|^2 there *)
  set (neg := fun a => c a * (Rmin (u a) 0)^2). set (pos := fun a => c a * (Rmax (u a) 0)^2).
  set (al := sqrt (sum_over neg arms)). set (be := sqrt (sum_over pos arms)).
  assert (Hneg : forall a, In a arms -> 0 <= neg a) by (intros a Ha; apply Rmult_le_pos; [destruct (Hc a Ha) as [-> | ->]; lra | apply pow2_ge_0]).
  assert (Hpos : forall a, In a arms -> 0 <= pos a) by (intros a Ha; apply Rmult_le_pos; [destruct (Hc a Ha) as [-> | ->]; lra | apply pow2_ge_0]).
  assert (Eal : al^2 = sum_over neg arms) by (unfold al; rewrite <- Rsqr_pow2, Rsqr_sqrt; [reflexivity | apply sum_nonneg; assumption]).
  assert (Ebe : be^2 = sum_over pos arms) by (unfold be; rewrite <- Rsqr_pow2, Rsqr_sqrt; [reflexivity | apply sum_nonneg; assumption]).
  assert (Aal : 0 <= al) by apply sqrt_pos. assert (Abe : 0 <= be) by apply sqrt_pos.
  assert (Range : forall a, In a arms -> c a = 1 -> - al <= u a <= be).
  { intros a Ha C1. assert (M1 := sum_member neg arms a Ha Hneg). assert (M2 := sum_member pos arms a Ha Hpos).
    rewrite <- Eal in M1. rewrite <- Ebe in M2. unfold neg, pos in M1, M2. rewrite C1 in M1, M2. clear - M1 M2 Aal Abe.
    unfold Rmin in M1. unfold Rmax in M2. destruct (Rle_dec (u a) 0); split; nra. }
  assert (Chord : a2 + (al - be) * a1 - al * be * P <= 0).
  { replace (a2 + (al - be) * a1 - al * be * P) with (sum_over (fun a => c a * p a * ((u a + al) * (u a - be))) arms).
    - apply Rle_trans with (sum_over (fun _ : A => 0) arms); [| rewrite sum_zero; lra]. apply sum_le. intros a Ha.
      destruct (Hc a Ha) as [C0 | C1]; [rewrite C0; lra |]. destruct (Range a Ha C1). rewrite C1. specialize (Hp a Ha).
      assert (0 <= p a * ((u a + al) * (be - u a))) by (apply Rmult_le_pos; [assumption | apply Rmult_le_pos; lra]). lra.
    - rewrite (sum_comb [(1, fun a => c a * p a * u a ^2); (al - be, fun a => c a * p a * u a); (- (al * be), fun a => c a * p a)]);
        [cbn [comb_sum]; fold P a1 a2; ring | intros; cbn [comb]; ring]. }
  assert (Low : - al * P <= a1).
  { unfold P, a1. rewrite <- sum_scal. apply sum_le. intros a Ha. specialize (Hp a Ha). destruct (Hc a Ha) as [C0 | C1]; [rewrite C0; lra |].
    destruct (Range a Ha C1). rewrite C1. nra. }
  assert (High : a1 <= be * P).
  { unfold P, a1. rewrite <- sum_scal. apply sum_le. intros a Ha. specialize (Hp a Ha). destruct (Hc a Ha) as [C0 | C1]; [rewrite C0; lra |].
    destruct (Range a Ha C1). rewrite C1. nra. }
  (* the other class: its mean square is at least the square of its mean, which is at most the rest of |u|^2 *)
  set (n2 := sum_over (fun a => (1 - c a) * u a ^2) arms).
  assert (Jensen : b1^2 <= (1 - P) * b2).
  { assert (C := cauchy_schwarz (fun a => (1 - c a) * p a) (fun _ => 1) u arms Hd0). cbv beta in C.
    rewrite (sum_ext (fun a => (1 - c a) * p a * 1 * u a) (fun a => (1 - c a) * p a * u a)) in C by (intros; ring).
    rewrite (sum_ext (fun a => (1 - c a) * p a * 1 ^2) (fun a => (1 - c a) * p a)) in C by (intros; ring). rewrite EQ in C. exact C. }
  assert (Rest : b1^2 <= (1 - P)^2 * n2).
  { assert (C := cauchy_schwarz (fun a => 1 - c a) p u arms). cbv beta in C. fold b1 n2 in C.
    assert (B := C ltac:(intros a Ha; destruct (Hc a Ha) as [-> | ->]; lra)). eapply Rle_trans; [exact B |].
    apply Rmult_le_compat_r; [apply sum_nonneg; intros a Ha; apply Rmult_le_pos; [destruct (Hc a Ha) as [-> | ->]; lra | apply pow2_ge_0] |].
    rewrite <- EQ. rewrite (sum_ext _ (fun a => ((1 - c a) * p a)^2)); [apply sum_squares_le; exact Hd0 |].
    intros a Ha. destruct (Hc a Ha) as [-> | ->]; ring. }
  assert (Total : al^2 + be^2 + n2 = norm2 u).
  { rewrite Eal, Ebe. unfold n2, Tabular.norm2. rewrite <- !sum_plus. apply sum_ext. intros a _. unfold neg, pos, Rmin, Rmax.
    destruct (Rle_dec (u a) 0); ring. }
  set (x := a1 / P). set (y := b1 / (1 - P)).
  assert (Ex : a1 = P * x) by (unfold x; field; assumption). assert (Ey : b1 = (1 - P) * y) by (unfold y; field; lra).
  rewrite <- Total. clearbody x y P a1 a2 b1 b2 al be n2 m. clear Total Eal Ebe EW EQ Range. subst a1 b1 m.
  assert (0 < P) by lra. assert (0 < 1 - P) by lra.
  assert (Hx1 : - al <= x) by (apply Rmult_le_reg_l with P; lra). assert (Hx2 : x <= be) by (apply Rmult_le_reg_l with P; lra).
  assert (Hy : y^2 <= n2). { apply Rmult_le_reg_l with ((1 - P)^2); [apply pow_lt; assumption | lra]. }
  assert (Hb2 : (1 - P) * y^2 <= b2). { apply Rmult_le_reg_l with (1 - P); [assumption | lra]. }
  assert (K := two_class_form P al be x y n2 P01 Hy ltac:(apply Rmult_le_pos; lra)).
  eapply Rle_trans; [| exact K].
  assert (K1 : (1 - P) * (a2 + (al - be) * (P * x) - al * be * P) <= (1 - P) * 0) by (apply Rmult_le_compat_l; lra).
  assert (K2 : P * ((1 - P) * y^2) <= P * b2) by (apply Rmult_le_compat_l; lra).
  apply Rle_trans with ((1 - P) * ((be - al) * (P * x) + al * be * P) - P * ((1 - P) * y^2) - 2 * (P * x + (1 - P) * y) * ((1 - P) * (P * x) - P * ((1 - P) * y))); [lra |].
  right. ring.
Qed.
(* B07, one side: the covariance is linear in r, so it is largest at r = (hi - lo) 1_C, C = the arms with W >= E W *)
Lemma curvature_at_most r u lo hi : (forall a, In a arms -> lo <= r a <= hi) -> curvature r u <= (hi - lo) * tight * norm2 u.
Proof.
  intros Hr. set (e := mean (squared_deviation u)).
  assert (L : curvature r u = sum_over (fun a => (r a - lo) * p a * (squared_deviation u a - e)) arms).
  { unfold curvature. rewrite (sum_comb [(1, fun a => p a * r a * squared_deviation u a); (- mean r, fun a => p a * squared_deviation u a)] (fun a => p a * (r a - mean r) * squared_deviation u a)) by (intros; cbn [comb]; ring).
    rewrite (sum_comb [(1, fun a => p a * r a * squared_deviation u a); (- lo, fun a => p a * squared_deviation u a); (- e, fun a => p a * r a); (lo * e, p)] (fun a => (r a - lo) * p a * (squared_deviation u a - e))) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. rewrite H1. fold (mean r). change (sum_over (fun a => p a * squared_deviation u a) arms) with e. ring. }
  rewrite L. set (c := fun a => if Rle_dec e (squared_deviation u a) then 1 else 0).
  assert (Hd : 0 <= hi - lo).
  { destruct arms as [|a0 t]; [exfalso; simpl in H1; lra |]. destruct (Hr a0 (or_introl eq_refl)). lra. }
  apply Rle_trans with ((hi - lo) * sum_over (fun a => c a * p a * (squared_deviation u a - e)) arms).
  - rewrite <- sum_scal. apply sum_le. intros a Ha. destruct (Hr a Ha). specialize (Hp a Ha). unfold c.
    destruct (Rle_dec e (squared_deviation u a)) as [g | g].
    + rewrite Rmult_1_l. assert (0 <= p a * (squared_deviation u a - e)) by (apply Rmult_le_pos; lra). nra.
    + assert (0 <= (r a - lo) * p a) by (apply Rmult_le_pos; lra). nra.
  - rewrite Rmult_assoc. apply Rmult_le_compat_l; [assumption |]. apply set_at_most. intros a _. unfold c. destruct (Rle_dec _ _); [right | left]; reflexivity.
Qed.
(* B07 as a bound on the quadratic form *)
Theorem curvature_bound r u lo hi : (forall a, In a arms -> lo <= r a <= hi) -> Rabs (curvature r u) <= (hi - lo) / (3 * sqrt 3) * norm2 u.
Proof.
  intros Hr. change ((hi - lo) / (3 * sqrt 3)) with ((hi - lo) * tight). apply Rabs_le. split; [| apply curvature_at_most; assumption].
  assert (B := curvature_at_most (fun a => - r a) u (- hi) (- lo) ltac:(intros a Ha; destruct (Hr a Ha); lra)).
  assert (E : curvature (fun a => - r a) u = - curvature r u).
  { assert (Em : mean (fun a => - r a) = - mean r) by (unfold Tabular.mean; rewrite (sum_comb [(-1, fun a => p a * r a)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring]).
    unfold curvature. rewrite Em. rewrite (sum_comb [(-1, fun a => p a * (r a - mean r) * squared_deviation u a)] (fun a => p a * (- r a - - mean r) * squared_deviation u a)); [cbn [comb_sum]; ring | intros; cbn [comb]; ring]. }
  rewrite E in B. lra.
Qed.
End Curvature.
