(* The softmax value along a straight path of logits, and what one step of any length gains when |H| <= kappa |grad|. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Derivative Curvature Hessian Kappa.
Import ListNotations.
Open Scope R_scope.
(* a function with a non-negative derivative on [0, T] does not end below its start *)
Lemma nondecreasing (f f' : R -> R) T : 0 <= T -> (forall t, 0 <= t <= T -> is_derive f t (f' t)) -> (forall t, 0 <= t <= T -> 0 <= f' t) -> f 0 <= f T.
Proof.
  intros HT Hd Hp. destruct (MVT_gen f 0 T f') as (c & Hc & E); rewrite ?Rmin_left, ?Rmax_right in * by lra.
  - intros t Ht. apply Hd. lra.
  - intros t Ht. apply continuity_pt_filterlim. apply (@ex_derive_continuous R_AbsRing R_NormedModule). exists (f' t). apply Hd. lra.
  - assert (0 <= f' c) by (apply Hp; lra). assert (0 <= f' c * (T - 0)) by (apply Rmult_le_pos; lra). lra.
Qed.
(* the same with two derivatives *)
Lemma convex_start (f f' f'' : R -> R) T : 0 <= T -> f' 0 = 0 -> (forall t, 0 <= t <= T -> is_derive f t (f' t)) ->
  (forall t, 0 <= t <= T -> is_derive f' t (f'' t)) -> (forall t, 0 <= t <= T -> 0 <= f'' t) -> f 0 <= f T.
Proof.
  intros HT H0 Hd Hd' Hp. apply (nondecreasing f f'); [assumption | assumption |]. intros t Ht. rewrite <- H0.
  apply (nondecreasing f' f''); [lra | |]; intros s Hs; [apply Hd' | apply Hp]; lra.
Qed.
(* (e^x - 1 - x) / x^2 increases *)
Lemma remainder_scaled lam X : 0 <= lam <= 1 -> 0 <= X -> exp (lam * X) - 1 - lam * X <= lam^2 * (exp X - 1 - X).
Proof.
  intros Hl HX.
  assert (B := convex_start (fun X => lam^2 * (exp X - 1 - X) - (exp (lam * X) - 1 - lam * X)) (fun X => lam^2 * (exp X - 1) - lam * (exp (lam * X) - 1))
    (fun X => lam^2 * (exp X - exp (lam * X))) X HX).
  cbv beta in B. rewrite ?Rmult_0_r, ?exp_0 in B. assert (G : lam^2 * (1 - 1 - 0) - (1 - 1 - 0) <= lam^2 * (exp X - 1 - X) - (exp (lam * X) - 1 - lam * X)).
  { apply B; [ring | | |].
    - intros t _. auto_derive; [trivial | ring].
    - intros t _. auto_derive; [trivial | ring].
    - intros t Ht. apply Rmult_le_pos; [apply pow2_ge_0 |]. assert (lam * t <= t) by nra. destruct (Req_dec (lam * t) t) as [-> | n]; [lra |].
      assert (exp (lam * t) < exp t) by (apply exp_increasing; lra). lra. }
  lra.
Qed.
Lemma remainder_increases x X : 0 <= x <= X -> 0 < X -> exp x - 1 - x <= x^2 / X^2 * (exp X - 1 - X).
Proof.
  intros Hx HX. assert (Hl : 0 <= x / X <= 1).
  { split; [apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra] |]. apply Rmult_le_reg_r with X; [assumption |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
  assert (B := remainder_scaled (x / X) X Hl ltac:(lra)). replace (x / X * X) with x in B by (field; lra).
  replace (x^2 / X^2) with ((x / X)^2) by (field; lra). exact B.
Qed.
(* e^x - 1 - x <= x^2 e^X / 2 for 0 <= x <= X *)
Lemma remainder_at_most x X : 0 <= x <= X -> exp x - 1 - x <= x^2 * (exp X / 2).
Proof.
  intros Hx.
  assert (B := convex_start (fun t => t^2 * (exp X / 2) - (exp t - 1 - t)) (fun t => t * exp X - (exp t - 1)) (fun t => exp X - exp t) x (proj1 Hx)).
  cbv beta in B. rewrite exp_0 in B. assert (G : 0^2 * (exp X / 2) - (1 - 1 - 0) <= x^2 * (exp X / 2) - (exp x - 1 - x)).
  { apply B; [ring | | |].
    - intros t _. auto_derive; [trivial | field].
    - intros t _. auto_derive; [trivial | ring].
    - intros t Ht. destruct (Req_dec t X) as [-> | n]; [lra |]. assert (exp t < exp X) by (apply exp_increasing; lra). lra. }
  lra.
Qed.
Section Path.
Variables (K : nat) (r : nat -> R).
Hypothesis HK : (0 < K)%nat.
Notation arms := (seq 0 K).
Notation V := (value K r).
Definition along (th u : nat -> R) t j := th j + t * u j.
Notation squares f := (sum_over (fun i => f i ^2) arms).
(* the mean of any c under the policy at t, and its derivative Cov(c, u) *)
Lemma mean_along_derive c th u t : is_derive (fun t => value K c (along th u t)) t
  (sum_over (fun j => softmax K (along th u t) j * (c j - value K c (along th u t)) * u j) arms).
Proof.
  assert (D : forall e s, is_derive (fun t => sum_over (fun j => exp (th j + t * u j) * e j) arms) s (sum_over (fun j => exp (th j + s * u j) * u j * e j) arms)).
  { intros e s. apply (sum_derive (fun j t => exp (th j + t * u j) * e j)). intros j _. auto_derive; [trivial | ring]. }
  assert (Zp : forall s, 0 < Z K (along th u s)) by (intros; apply Z_pos; assumption).
  assert (EZ : forall s, sum_over (fun j => exp (th j + s * u j) * 1) arms = Z K (along th u s)) by (intros; unfold Z; apply sum_ext; intros; unfold along; ring).
  assert (EV : forall e s, value K e (along th u s) = sum_over (fun j => exp (th j + s * u j) * e j) arms / sum_over (fun j => exp (th j + s * u j) * 1) arms).
  { intros e s. rewrite EZ. unfold value. rewrite (sum_comb [(/ Z K (along th u s), fun j => exp (th j + s * u j) * e j)]); [cbn [comb_sum]; unfold Rdiv; ring |].
    intros; unfold softmax, along, Rdiv; cbn [comb]; ring. }
  apply (is_derive_ext (fun s => sum_over (fun j => exp (th j + s * u j) * c j) arms / sum_over (fun j => exp (th j + s * u j) * 1) arms)); [intros; rewrite EV; reflexivity |].
  evar_last.
  - apply (is_derive_div (fun s => sum_over (fun j => exp (th j + s * u j) * c j) arms) (fun s => sum_over (fun j => exp (th j + s * u j) * 1) arms)); [apply D | apply D | rewrite EZ; specialize (Zp t); lra].
  - specialize (Zp t). set (z := Z K (along th u t)) in *. set (v := value K c (along th u t)).
    assert (Ev : sum_over (fun j => exp (th j + t * u j) * c j) arms = z * v) by (unfold v; rewrite EV, EZ; fold z; field; lra).
    rewrite EZ, Ev. fold z.
    rewrite (sum_comb [(/ z, fun j => exp (th j + t * u j) * u j * c j); (- v / z, fun j => exp (th j + t * u j) * u j * 1)] (fun j => softmax K (along th u t) j * (c j - v) * u j)).
    + cbn [comb_sum]. field. lra.
    + intros j _. unfold softmax. fold z. unfold along. cbn [comb]. field. lra.
Qed.
Lemma value_along_derive th u t : is_derive (fun t => V (along th u t)) t (sum_over (fun j => partial K r (along th u t) j * u j) arms).
Proof.
  evar_last; [apply mean_along_derive |]. apply sum_ext. intros j Hj. rewrite partial_eq by assumption. reflexivity.
Qed.
(* the gradient moves by H u *)
Lemma partial_along_derive th u t i : (i < K)%nat ->
  is_derive (fun t => partial K r (along th u t) i) t (sum_over (fun j => hessian K r (along th u t) i j * u j) arms).
Proof.
  intros Hi. assert (Ii : In i arms) by (apply in_seq; lia).
  apply (is_derive_ext (fun t => value K (fun k => if Nat.eq_dec k i then 1 else 0) (along th u t) * (r i - V (along th u t)))).
  { intros s. rewrite partial_eq, softmax_as_value by assumption. reflexivity. }
  evar_last.
  - apply (is_derive_mult (fun t => value K (fun k => if Nat.eq_dec k i then 1 else 0) (along th u t)) (fun t => r i - V (along th u t))); [apply mean_along_derive | | intros; apply Rmult_comm].
    apply (is_derive_minus (fun _ => r i) (fun t => V (along th u t))); [apply @is_derive_const | apply mean_along_derive].
  - rewrite softmax_as_value by assumption. set (p := softmax K (along th u t)). set (v := V (along th u t)).
    unfold plus, minus, mult, opp, zero, plus, opp; cbn.
    rewrite (sum_ext (fun j => hessian K r (along th u t) i j * u j) (fun j => (if Nat.eq_dec j i then p i * (r i - v) * u j else 0) - p i * (r i - v) * (p j * u j) - p i * (p j * (r j - v) * u j))).
    2:{ intros j Hj. apply in_seq in Hj. rewrite hessian_eq by lia. fold p v. destruct (Nat.eq_dec j i); ring. }
    rewrite (sum_comb [(1, fun j => if Nat.eq_dec j i then p i * (r i - v) * u j else 0); (- (p i * (r i - v)), fun j => p j * u j); (- p i, fun j => p j * (r j - v) * u j)] (fun j => (if Nat.eq_dec j i then p i * (r i - v) * u j else 0) - p i * (r i - v) * (p j * u j) - p i * (p j * (r j - v) * u j))) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. rewrite (sum_one (fun j => p i * (r i - v) * u j) i arms) by (try apply seq_NoDup; assumption).
    rewrite (sum_ext (fun j => p j * ((if Nat.eq_dec j i then 1 else 0) - p i) * u j) (fun j => (if Nat.eq_dec j i then p i * u j else 0) - p i * (p j * u j))) by (intros j _; destruct (Nat.eq_dec j i) as [-> |]; ring).
    rewrite (sum_comb [(1, fun j => if Nat.eq_dec j i then p i * u j else 0); (- p i, fun j => p j * u j)] (fun j => (if Nat.eq_dec j i then p i * u j else 0) - p i * (p j * u j))) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. rewrite (sum_one (fun j => p i * u j) i arms) by (try apply seq_NoDup; assumption). ring.
Qed.
Lemma slope_along_derive th u t : is_derive (fun t => sum_over (fun i => partial K r (along th u t) i * u i) arms) t (curvature arms (softmax K (along th u t)) r u).
Proof.
  rewrite <- second_order_form by assumption. apply (sum_derive (fun i t => partial K r (along th u t) i * u i)). intros i Hi. apply in_seq in Hi.
  apply (is_derive_ext (fun t => scal (u i) (partial K r (along th u t) i))); [intros; apply Rmult_comm |].
  apply (is_derive_scal (fun t => partial K r (along th u t) i)). apply partial_along_derive. lia.
Qed.
Lemma along_0 th u j : along th u 0 j = th j.
Proof. unfold along. ring. Qed.
Lemma value_ext c th th' : (forall j, th j = th' j) -> value K c th = value K c th'.
Proof. intros E. unfold value. apply sum_ext. intros j _. f_equal. unfold softmax, Z. rewrite E. f_equal. apply sum_ext. intros. rewrite E. reflexivity. Qed.
Lemma partial_ext th th' i : (i < K)%nat -> (forall j, th j = th' j) -> partial K r th i = partial K r th' i.
Proof.
  intros Hi E. rewrite !partial_eq by (try assumption; apply in_seq; lia). unfold grad, pi.
  assert (X : Tabular.V (Derivative.arms K) (softmax K th) r = Tabular.V (Derivative.arms K) (softmax K th') r) by exact (value_ext r th th' E).
  rewrite X. f_equal. unfold softmax, Z. rewrite E. f_equal. apply sum_ext. intros. rewrite E. reflexivity.
Qed.
Notation gradient th := (partial K r th).
(* along a step of length |u| the squared gradient grows at most by e^(2 kappa |u| t) *)
Lemma gradient_growth k th u T : is_kappa k -> 0 <= T ->
  squares (gradient (along th u T)) <= squares (gradient th) * exp (2 * (k * sqrt (squares u)) * T).
Proof.
  intros Hk HT. set (x := k * sqrt (squares u)). set (N := fun t => squares (gradient (along th u t))).
  set (N' := fun t => 2 * sum_over (fun i => gradient (along th u t) i * sum_over (fun j => hessian K r (along th u t) i j * u j) arms) arms).
  assert (DN : forall t, is_derive N t (N' t)).
  { intros t. unfold N, N'. rewrite <- sum_scal. apply (sum_derive (fun i t => (gradient (along th u t) i)^2)). intros i Hi. apply in_seq in Hi.
    evar_last; [apply (is_derive_pow (fun t => gradient (along th u t) i) 2); apply partial_along_derive; lia |]. cbn. ring. }
  assert (B : forall t, N' t <= 2 * x * N t).
  { intros t. set (h := fun i => sum_over (fun j => hessian K r (along th u t) i j * u j) arms).
    assert (S := hessian_at_most_kappa_gradient K r (along th u t) k HK Hk u). fold h in S. fold (N t) in S.
    change (sum_over (fun i => (sum_over (fun j => hessian K r (along th u t) i j * u j) arms)^2) arms) with (squares h) in S.
    assert (C := cauchy_schwarz (fun _ => 1) (gradient (along th u t)) h arms (fun _ _ => Rle_0_1)). cbv beta in C.
    rewrite (sum_ext (fun a => 1 * gradient (along th u t) a * h a) (fun a => gradient (along th u t) a * h a)) in C by (intros; ring).
    rewrite (sum_ext (fun a => 1 * gradient (along th u t) a ^2) (fun a => gradient (along th u t) a ^2)) in C by (intros; ring).
    rewrite (sum_ext (fun a => 1 * h a ^2) (fun a => h a ^2)) in C by (intros; ring). fold (N t) in C.
    assert (N0 : 0 <= N t) by (apply sum_nonneg; intros; apply pow2_ge_0). assert (U0 : 0 <= squares u) by (apply sum_nonneg; intros; apply pow2_ge_0).
    assert (X : (sum_over (fun a => gradient (along th u t) a * h a) arms)^2 <= (x * N t)^2).
    { eapply Rle_trans; [exact C |]. eapply Rle_trans; [apply Rmult_le_compat_l; [assumption | exact S] |]. right. unfold x.
      replace ((k * sqrt (N t))^2) with (k^2 * N t) by (replace ((k * sqrt (N t))^2) with (k^2 * (sqrt (N t) * sqrt (N t))) by ring; rewrite sqrt_sqrt by assumption; ring).
      replace ((k * sqrt (squares u) * N t)^2) with (k^2 * (sqrt (squares u) * sqrt (squares u)) * N t * N t) by ring. rewrite sqrt_sqrt by assumption. ring. }
    assert (Y : 0 <= x * N t) by (apply Rmult_le_pos; [apply Rmult_le_pos; [apply Hk | apply sqrt_pos] | assumption]).
    assert (Z0 : sum_over (fun a => gradient (along th u t) a * h a) arms <= x * N t).
    { apply Rsqr_incr_0_var; [rewrite !Rsqr_pow2; exact X | exact Y]. }
    unfold N'. fold h. change (sum_over (fun i => gradient (along th u t) i * sum_over (fun j => hessian K r (along th u t) i j * u j) arms) arms) with (sum_over (fun a => gradient (along th u t) a * h a) arms). lra. }
  assert (M : - (N 0 * exp (- (2 * x * 0))) <= - (N T * exp (- (2 * x * T)))).
  { apply (nondecreasing (fun t => - (N t * exp (- (2 * x * t)))) (fun t => (2 * x * N t - N' t) * exp (- (2 * x * t)))); [assumption | |].
    - intros t _. evar_last.
      + apply (is_derive_opp (fun t => N t * exp (- (2 * x * t)))). apply (is_derive_mult N (fun t => exp (- (2 * x * t)))); [apply DN | auto_derive; [trivial | reflexivity] | intros; apply Rmult_comm].
      + unfold opp, plus, mult; cbn. ring.
    - intros t _. apply Rmult_le_pos; [specialize (B t); lra | left; apply exp_pos]. }
  rewrite Rmult_0_r, Ropp_0, exp_0 in M.
  assert (E0 : N 0 = squares (gradient th)) by (apply sum_ext; intros i Hi; apply in_seq in Hi; rewrite (partial_ext (along th u 0) th) by (try lia; apply along_0); reflexivity).
  rewrite E0 in M. fold (N T). assert (P := exp_pos (2 * x * T)). rewrite exp_Ropp in M.
  apply Rmult_le_reg_r with (/ exp (2 * x * T)); [apply Rinv_0_lt_compat; assumption |].
  replace (squares (gradient th) * exp (2 * x * T) * / exp (2 * x * T)) with (squares (gradient th)) by (field; lra). lra.
Qed.
(* what a step d gains at least: its first-order gain less |grad| / kappa (e^x - 1 - x), x = kappa |d| *)
Theorem step_gain_at_least k th d : is_kappa k ->
  let x := k * sqrt (squares d) in
  sum_over (fun j => gradient th j * d j) arms - sqrt (squares (gradient th)) / k * (exp x - 1 - x) <= V (fun j => th j + d j) - V th.
Proof.
  intros Hk x. assert (k0 : 0 < k) by (destruct (kappa_digits k Hk); lra).
  set (g := sqrt (squares (gradient th))). set (g1 := sum_over (fun j => gradient th j * d j) arms).
  assert (D0 : 0 <= squares d) by (apply sum_nonneg; intros; apply pow2_ge_0).
  assert (xx : x^2 = k^2 * squares d) by (unfold x; replace ((k * sqrt (squares d))^2) with (k^2 * (sqrt (squares d) * sqrt (squares d))) by ring; rewrite sqrt_sqrt by assumption; reflexivity).
  assert (E1 : sum_over (fun i => gradient (along th d 0) i * d i) arms = g1).
  { apply sum_ext. intros i Hi. apply in_seq in Hi. rewrite (partial_ext (along th d 0) th) by (try lia; apply along_0). reflexivity. }
  assert (B := convex_start (fun t => V (along th d t) - t * g1 + g / k * (exp (x * t) - 1 - x * t))
    (fun t => sum_over (fun i => gradient (along th d t) i * d i) arms - g1 + g / k * (x * exp (x * t) - x))
    (fun t => curvature arms (softmax K (along th d t)) r d + g / k * (x^2 * exp (x * t))) 1 ltac:(lra)).
  cbv beta in B. rewrite E1, !Rmult_0_r, exp_0 in B.
  rewrite (value_ext r (along th d 0) th) in B by apply along_0. rewrite (value_ext r (along th d 1) (fun j => th j + d j)) in B by (intros; unfold along; ring).
  rewrite Rmult_1_r in B.
  assert (G : V th - 0 * g1 + g / k * (1 - 1 - 0) <= V (fun j => th j + d j) - 1 * g1 + g / k * (exp x - 1 - x)); [| lra].
  apply B.
  - field. lra.
  - intros t _. evar_last.
    + apply (is_derive_plus (fun t => V (along th d t) - t * g1) (fun t => g / k * (exp (x * t) - 1 - x * t))).
      * apply (is_derive_minus (fun t => V (along th d t)) (fun t => t * g1)); [apply value_along_derive | auto_derive; [trivial | reflexivity]].
      * auto_derive; [trivial | reflexivity].
    + unfold plus, minus, opp, plus; cbn. field. lra.
  - intros t _. evar_last.
    + apply (is_derive_plus (fun t => sum_over (fun i => gradient (along th d t) i * d i) arms - g1) (fun t => g / k * (x * exp (x * t) - x))).
      * apply (is_derive_minus (fun t => sum_over (fun i => gradient (along th d t) i * d i) arms) (fun t => g1)); [apply slope_along_derive | apply @is_derive_const].
      * auto_derive; [trivial | reflexivity].
    + unfold plus, minus, opp, plus, zero; cbn. field. lra.
  - intros t Ht. assert (C := curvature_at_most_gradient arms (softmax K (along th d t)) r (fun a _ => Rlt_le _ _ (softmax_pos K (along th d t) a HK)) (softmax_sum1 K _ HK) k d Hk).
    apply Rabs_le_between in C. assert (N := norm_eq K r (along th d t) HK). unfold Derivative.arms, pi in N. rewrite <- N in C. clear N.
    assert (W := gradient_growth k th d t Hk (proj1 Ht)). fold x in W.
    assert (Q0 : 0 <= squares (gradient th)) by (apply sum_nonneg; intros; apply pow2_ge_0).
    assert (W' : sqrt (squares (gradient (along th d t))) <= g * exp (x * t)).
    { replace (g * exp (x * t)) with (sqrt (squares (gradient th) * exp (2 * x * t))); [apply sqrt_le_1_alt; exact W |].
      rewrite sqrt_mult_alt by assumption. fold g. f_equal. replace (2 * x * t) with (x * t + x * t) by ring. rewrite exp_plus. apply sqrt_square. left; apply exp_pos. }
    unfold norm2 in C. set (G := sqrt (squares (gradient (along th d t)))) in *. rewrite xx.
    replace (g / k * (k^2 * squares d * exp (x * t))) with (k * squares d * (g * exp (x * t))) by (field; lra).
    assert (k * squares d * G <= k * squares d * (g * exp (x * t))) by (apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | assumption]). lra.
Qed.
End Path.
