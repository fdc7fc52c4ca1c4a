(* B07 and L03 on the Hessian itself: the second derivatives of the softmax value, for every number of arms K. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Derivative Curvature.
Import ListNotations.
Open Scope R_scope.
Definition hessian K r th i j := Derive (fun t => partial K r (upd th j t) i) (th j). (* d^2 value / d theta_j d theta_i *)
(* |H| <= c in the spectral norm: |H u| <= c |u| for every vector u *)
Definition spectral_norm_at_most (K : nat) (H : nat -> nat -> R) c :=
  forall u, sum_over (fun i => (sum_over (fun j => H i j * u j) (seq 0 K))^2) (seq 0 K) <= c^2 * sum_over (fun i => u i ^2) (seq 0 K).
(* a symmetric matrix whose quadratic form is at most c |u|^2 in size has norm at most c (polarisation) *)
Lemma norm_of_symmetric K (H : nat -> nat -> R) c : 0 <= c -> (forall i j, In i (seq 0 K) -> In j (seq 0 K) -> H i j = H j i) ->
  (forall u, Rabs (sum_over (fun i => u i * sum_over (fun j => H i j * u j) (seq 0 K)) (seq 0 K)) <= c * sum_over (fun i => u i ^2) (seq 0 K)) ->
  spectral_norm_at_most K H c.
Proof.
  intros Hc Hsym HQ u. set (l := seq 0 K) in *.
  set (v := fun i => sum_over (fun j => H i j * u j) l). set (n := sum_over (fun i => v i ^2) l). set (m := sum_over (fun i => u i ^2) l).
  set (B := fun x y : nat -> R => sum_over (fun i => x i * sum_over (fun j => H i j * y j) l) l).
  assert (Bvu : B v u = n) by (apply sum_ext; intros; unfold v; ring).
  assert (Buv : B u v = n).
  { rewrite <- Bvu. unfold B.
    rewrite (sum_ext (fun i => u i * sum_over (fun j => H i j * v j) l) (fun i => sum_over (fun j => u i * (H i j * v j)) l)) by (intros; rewrite sum_scal; reflexivity).
    rewrite sum_swap. apply sum_ext. intros j Hj. rewrite <- sum_scal. apply sum_ext. intros i Hi. rewrite (Hsym i j) by assumption. ring. }
  assert (Bl : forall x y s, B (fun i => x i + s * y i) (fun i => x i + s * y i) = B x x + s * B x y + s * B y x + s^2 * B y y).
  { intros x y s. unfold B. rewrite (sum_comb [(1, fun i => x i * sum_over (fun j => H i j * x j) l); (s, fun i => x i * sum_over (fun j => H i j * y j) l);
      (s, fun i => y i * sum_over (fun j => H i j * x j) l); (s^2, fun i => y i * sum_over (fun j => H i j * y j) l)]); [cbn [comb_sum]; ring |].
    intros i _. rewrite (sum_comb [(1, fun j => H i j * x j); (s, fun j => H i j * y j)] (fun j => H i j * (x j + s * y j))) by (intros; cbn [comb]; ring). cbn [comb comb_sum]. ring. }
  assert (Nl : forall s, sum_over (fun i => (v i + s * u i)^2) l = n + 2 * s * sum_over (fun i => v i * u i) l + s^2 * m).
  { intros s. rewrite (sum_comb [(1, fun i => v i ^2); (2 * s, fun i => v i * u i); (s^2, fun i => u i ^2)]); [cbn [comb_sum]; fold n m; ring | intros; cbn [comb]; ring]. }
  assert (Polar : forall s, 4 * s * n <= 2 * c * (n + s^2 * m)).
  { intros s. assert (P1 := HQ (fun i => v i + s * u i)). assert (P2 := HQ (fun i => v i + - s * u i)). cbv beta in P1, P2.
    fold (B (fun i => v i + s * u i) (fun i => v i + s * u i)) in P1. fold (B (fun i => v i + - s * u i) (fun i => v i + - s * u i)) in P2.
    rewrite Nl in P1, P2. rewrite Bl, Bvu, Buv in P1, P2. apply Rabs_le_between in P1. apply Rabs_le_between in P2. nra. }
  change (n <= c^2 * m). clearbody n m. destruct (Req_dec c 0) as [-> | c0]; [specialize (Polar 1); lra |].
  assert (Q := Polar c). apply Rmult_le_reg_l with (2 * c); [lra |]. nra.
Qed.
Section Hessian.
Variables (K : nat) (r : nat -> R).
Hypothesis HK : (0 < K)%nat.
Notation arms := (seq 0 K).
Notation V := (value K r).
Lemma softmax_as_value th i : (i < K)%nat -> value K (fun k => if Nat.eq_dec k i then 1 else 0) th = softmax K th i.
Proof.
  intros Hi. unfold value. rewrite <- (sum_one (softmax K th) i arms); [| apply seq_NoDup | apply in_seq; lia].
  apply sum_ext. intros j _. destruct (Nat.eq_dec j i); ring.
Qed.
Lemma hessian_eq th i j : (i < K)%nat -> (j < K)%nat ->
  hessian K r th i j = (if Nat.eq_dec j i then softmax K th i * (r i - V th) else 0) - softmax K th i * softmax K th j * ((r i - V th) + (r j - V th)).
Proof.
  intros Hi Hj. unfold hessian.
  rewrite (Derive_ext _ (fun t => softmax K (upd th j t) i * (r i - V (upd th j t)))).
  2:{ intros t. rewrite partial_eq by (try assumption; apply in_seq; lia). reflexivity. }
  apply is_derive_unique.
  assert (D1 : is_derive (fun t => softmax K (upd th j t) i) (th j) (softmax K th j * ((if Nat.eq_dec j i then 1 else 0) - softmax K th i))).
  { apply (is_derive_ext (fun t => value K (fun k => if Nat.eq_dec k i then 1 else 0) (upd th j t))); [intros t; apply softmax_as_value; assumption |].
    rewrite <- (softmax_as_value th i Hi) at 1. apply (softmax_gradient K (fun k => if Nat.eq_dec k i then 1 else 0) th j Hj). }
  assert (D2 := softmax_gradient K r th j Hj).
  assert (E1 : softmax K (upd th j (th j)) i = softmax K th i).
  { unfold softmax, Z. rewrite upd_same. f_equal. apply sum_ext. intros. rewrite upd_same. reflexivity. }
  assert (E2 : V (upd th j (th j)) = V th).
  { unfold value. apply sum_ext. intros k _. f_equal. unfold softmax, Z. rewrite upd_same. f_equal. apply sum_ext. intros. rewrite upd_same. reflexivity. }
  evar_last.
  - apply (is_derive_mult (fun t => softmax K (upd th j t) i) (fun t => r i - V (upd th j t))); [exact D1 | | intros; apply Rmult_comm].
    apply (is_derive_minus (fun _ => r i) (fun t => V (upd th j t))); [apply @is_derive_const | exact D2].
  - cbv beta. rewrite E1, E2. unfold plus, minus, mult, opp, zero, plus, opp; cbn. destruct (Nat.eq_dec j i) as [-> |]; ring.
Qed.
Lemma hessian_symmetric th i j : In i arms -> In j arms -> hessian K r th i j = hessian K r th j i.
Proof.
  intros Hi Hj. apply in_seq in Hi. apply in_seq in Hj. rewrite !hessian_eq by lia.
  destruct (Nat.eq_dec j i) as [-> | n]; [destruct (Nat.eq_dec i i); [ring | lia] |]. destruct (Nat.eq_dec i j); [lia | ring].
Qed.
Lemma sum_softmax th : sum_over (softmax K th) arms = 1.
Proof. apply softmax_sum1. assumption. Qed.
(* u^T H u = Cov(r, (U - E U)^2) *)
Lemma second_order_form th u : sum_over (fun i => u i * sum_over (fun j => hessian K r th i j * u j) arms) arms = curvature arms (softmax K th) r u.
Proof.
  set (p := softmax K th). set (m := mean arms p u). set (gu := sum_over (fun j => p j * (r j - V th) * u j) arms).
  rewrite (sum_ext _ (fun i => p i * (r i - V th) * u i ^2 - m * (p i * (r i - V th) * u i) - gu * (p i * u i))).
  - rewrite (sum_comb [(1, fun i => p i * (r i - V th) * u i ^2); (- m, fun i => p i * (r i - V th) * u i); (- gu, fun i => p i * u i)]) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. fold gu. fold (mean arms p u). fold m. unfold curvature, squared_deviation. fold m. change (mean arms p r) with (V th).
    rewrite (sum_comb [(1, fun i => p i * (r i - V th) * u i ^2); (-2 * m, fun i => p i * (r i - V th) * u i); (m^2, fun i => p i * (r i - V th))] (fun a => p a * (r a - V th) * (u a - m)^2)) by (intros; cbn [comb]; ring).
    assert (S0 : sum_over (fun i => p i * (r i - V th)) arms = 0).
    { rewrite (sum_comb [(1, fun i => p i * r i); (- V th, p)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. unfold p at 2. rewrite sum_softmax. change (sum_over (fun i => p i * r i) arms) with (V th). ring. }
    cbn [comb_sum]. fold gu. rewrite S0. ring.
  - intros i Hi. apply in_seq in Hi.
    rewrite (sum_ext _ (fun j => (if Nat.eq_dec j i then p i * (r i - V th) * u j else 0) - p i * (r i - V th) * (p j * u j) - p i * (p j * (r j - V th) * u j))).
    2:{ intros j Hj. apply in_seq in Hj. rewrite hessian_eq by lia. fold p. destruct (Nat.eq_dec j i); ring. }
    rewrite (sum_comb [(1, fun j => if Nat.eq_dec j i then p i * (r i - V th) * u j else 0); (- (p i * (r i - V th)), fun j => p j * u j); (- p i, fun j => p j * (r j - V th) * u j)]) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. rewrite (sum_one (fun j => p i * (r i - V th) * u j) i arms); [| apply seq_NoDup | apply in_seq; lia]. fold gu. fold (mean arms p u). fold m. ring.
Qed.
(* B07 *)
Theorem hessian_at_most_range th lo hi : (forall i, (i < K)%nat -> lo <= r i <= hi) ->
  spectral_norm_at_most K (hessian K r th) ((hi - lo) / (3 * sqrt 3)).
Proof.
  intros Hr. apply norm_of_symmetric.
  - change (0 <= (hi - lo) * tight). apply Rmult_le_pos; [destruct (Hr 0%nat HK); lra | assert (T := tight_above); lra].
  - apply hessian_symmetric.
  - intros u. rewrite second_order_form. apply curvature_bound; [intros; left; apply softmax_pos; assumption | apply sum_softmax |].
    intros a Ha. apply Hr. apply in_seq in Ha. lia.
Qed.
(* L03 *)
Theorem mei_smoothness th : (forall i, (i < K)%nat -> 0 <= r i <= 1) -> spectral_norm_at_most K (hessian K r th) (5 / 2).
Proof.
  intros Hr u. eapply Rle_trans; [apply (hessian_at_most_range th 0 1 Hr) |].
  apply Rmult_le_compat_r; [apply sum_nonneg; intros; apply pow2_ge_0 |]. apply pow_incr. destruct sqrt3_bounds as (H & E & L).
  assert (/ (3 * sqrt 3) <= 1) by (rewrite <- Rinv_1; apply Rinv_le_contravar; nra).
  assert (0 <= / (3 * sqrt 3)) by (left; apply Rinv_0_lt_compat; lra). lra.
Qed.
End Hessian.
