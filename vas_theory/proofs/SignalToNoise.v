(* B57 and B11: with equal spread in both classes the signal-to-noise ratio |E ghat|^2 / E|ghat|^2 of the whitened update grows
   with p (1 - p) and so peaks at the pass rate 1/2, for every group size G = n + 2.
   The ratio is D over (1 - 1/G) D q / (E s)^2 + tau a / (G (E s)^2), q = p (1 - p), a = 1 - p^G - (1 - p)^G. Both q / (E s)^2
   and a / q fall on (0, 1/2]; the first by pairing the powers j and G + 1 - j in the derivative of (E s)^2 / q. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Calculus Pools GroupGain GainShape BinomialMeans GainBounds Policy GroupUpdate.
Import ListNotations.
Open Scope R_scope.
(* reversing a sum over consecutive numbers *)
Lemma sum_app_one {A : Type} (f : A -> R) l b : sum_over f (l ++ [b]) = sum_over f l + f b.
Proof. induction l; simpl; [ring | rewrite IHl; ring]. Qed.
Lemma sum_shift_seq (f : nat -> R) n : forall a, sum_over f (seq (S a) n) = sum_over (fun j => f (S j)) (seq a n).
Proof. induction n; intros a; [reflexivity |]. cbn [seq sum_over]. rewrite IHn. reflexivity. Qed.
Lemma sum_reverse n : forall (f : nat -> R) a, sum_over f (seq a n) = sum_over (fun j => f (a + a + n - 1 - j)%nat) (seq a n).
Proof.
  induction n; intros f a; [reflexivity |]. change (sum_over f (seq a (S n))) with (f a + sum_over f (seq (S a) n)).
  rewrite (seq_S n a), sum_app_one, sum_shift_seq, (IHn (fun j => f (S j)) a).
  replace (a + a + S n - 1 - (a + n))%nat with a by lia. rewrite Rplus_comm. f_equal. apply sum_ext. intros j Hj. apply in_seq in Hj. f_equal. lia.
Qed.
Lemma sum_f_R0_over f n : sum_f_R0 f n = sum_over f (seq 0 (S n)).
Proof. induction n; [cbn; ring |]. rewrite seq_S, sum_app_one, <- IHn. reflexivity. Qed.
Lemma pow_pair p y d : 0 <= p <= y -> p ^ d <= y ^ d.
Proof. intros H. apply pow_incr. assumption. Qed.
Section Deviation.
Variable G : nat.
Hypothesis HG : (2 <= G)%nat.
Notation g := (INR G).
Definition term j := Binomial.C G j * deviation G j. (* C(G, j) sqrt(j (G - j)) / G *)
Definition form p := sum_over (fun j => term j * (p ^ j * (1 - p) ^ (G - j))) (seq 0 (S G)).
Lemma g2 : 2 <= g.
Proof. replace 2 with (INR 2) by (simpl; ring). apply le_INR. assumption. Qed.
Lemma form_is p : mean_deviation G p = form p.
Proof. rewrite mean_deviation_binomial_sum. unfold binomial_mean. rewrite sum_f_R0_over. apply sum_ext. intros. unfold term. ring. Qed.
Lemma C_pos n j : 0 < Binomial.C n j.
Proof. unfold Binomial.C. apply Rdiv_lt_0_compat; [apply INR_fact_lt_0 |]. apply Rmult_lt_0_compat; apply INR_fact_lt_0. Qed.
Lemma term_nonneg j : 0 <= term j.
Proof. apply Rmult_le_pos; [left; apply C_pos | apply sqrt_pos]. Qed.
Lemma term_0 : term 0 = 0.
Proof. unfold term, deviation. simpl (INR 0). replace (0 / g * (1 - 0 / g)) with 0 by (field; assert (H := g2); lra). rewrite sqrt_0. ring. Qed.
Lemma term_sym j : (j <= G)%nat -> term (G - j) = term j.
Proof.
  intros Hj. unfold term. rewrite <- (pascal_step1 G j) by assumption. unfold deviation. rewrite minus_INR by assumption. f_equal. f_equal. assert (H := g2). field. lra.
Qed.
Lemma term_square j : (j <= G)%nat -> term j ^2 = Binomial.C G j ^2 * (INR j * (g - INR j)) / g^2.
Proof.
  intros Hj. assert (H := g2). apply le_INR in Hj. assert (H0 := pos_INR j). unfold term, deviation. rewrite Rpow_mult_distr. rewrite <- (Rsqr_pow2 (sqrt _)), Rsqr_sqrt.
  - field. lra.
  - replace (INR j / g * (1 - INR j / g)) with (INR j * (g - INR j) * (/ g)^2) by (field; lra). apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply pow2_ge_0].
Qed.
Lemma absorb j : (j < G)%nat -> Binomial.C G (S j) * INR (S j) = Binomial.C G j * (g - INR j).
Proof.
  intros Hj. rewrite <- minus_INR by lia. unfold Binomial.C. replace (G - j)%nat with (S (G - S j)) by lia. rewrite !fact_simpl, !mult_INR. field.
  repeat split; try apply INR_fact_neq_0; apply not_0_INR; lia.
Qed.
(* the sign of (2 j - 1) term j - (2 (G - j) + 1) term (j - 1) is that of G + 1 - 2 j *)
Lemma pair_square i : (i < G)%nat -> let j := INR i + 1 in
  j * (((2 * j - 1) * term (S i))^2 - ((2 * (g - j) + 1) * term i)^2) = Binomial.C G i ^2 * (g - j + 1) / g^2 * (g * (g + 1 - 2 * j)).
Proof.
  intros Hi j. assert (H := g2). assert (H0 := pos_INR i). assert (A := absorb i Hi). rewrite S_INR in A. fold j in A.
  rewrite !Rpow_mult_distr, !term_square by lia. rewrite S_INR. fold j.
  assert (E : Binomial.C G (S i) = Binomial.C G i * (g - j + 1) / j).
  { apply Rmult_eq_reg_r with j; [| unfold j; lra]. rewrite A. unfold j. field. lra. }
  rewrite E. replace (INR i) with (j - 1) by (unfold j; ring). field. unfold j. split; lra.
Qed.
Lemma pair_sign i : (i < G)%nat -> let j := INR i + 1 in let e := (2 * j - 1) * term (S i) - (2 * (g - j) + 1) * term i in
  (2 * j <= g + 1 -> 0 <= e) /\ (g + 1 <= 2 * j -> e <= 0).
Proof.
  intros Hi j e. assert (H := g2). assert (H0 := pos_INR i). assert (Q := pair_square i Hi). cbv zeta in Q. fold j in Q.
  assert (Hj : j <= g) by (unfold j; rewrite <- S_INR; apply le_INR; lia).
  assert (T1 := term_nonneg (S i)). assert (T0 := term_nonneg i).
  set (x := (2 * j - 1) * term (S i)) in *. set (y := (2 * (g - j) + 1) * term i) in *.
  assert (x0 : 0 <= x) by (apply Rmult_le_pos; [unfold j; lra | assumption]). assert (y0 : 0 <= y) by (apply Rmult_le_pos; lra).
  assert (c0 : 0 <= Binomial.C G i ^2 * (g - j + 1) / g^2).
  { apply Rmult_le_pos; [apply Rmult_le_pos; [apply pow2_ge_0 | lra] | left; apply Rinv_0_lt_compat, pow_lt; lra]. }
  assert (j0 : 0 < j) by (unfold j; lra). unfold e. split; intros Hs.
  - assert (0 <= j * (x^2 - y^2)) by (rewrite Q; apply Rmult_le_pos; [assumption | apply Rmult_le_pos; lra]).
    assert (y^2 <= x^2) by nra. assert (y <= x); [| lra]. apply Rsqr_incr_0_var; [rewrite !Rsqr_pow2 |]; assumption.
  - assert (j * (x^2 - y^2) <= 0). { rewrite Q. assert (0 <= Binomial.C G i ^2 * (g - j + 1) / g^2 * (g * (2 * j - g - 1))) by (apply Rmult_le_pos; [assumption | apply Rmult_le_pos; lra]). lra. }
    assert (x^2 <= y^2) by nra. assert (x <= y); [| lra]. apply Rsqr_incr_0_var; [rewrite !Rsqr_pow2 |]; assumption.
Qed.
(* 2 p (1 - p) form' - (1 - 2 p) form *)
Definition excess p := sum_over (fun j => term j * ((2 * INR j - 1) * (1 - p) - (2 * (g - INR j) - 1) * p) * (p ^ j * (1 - p) ^ (G - j))) (seq 0 (S G)).
Lemma excess_nonneg p : 0 <= p <= 1 / 2 -> 0 <= excess p.
Proof.
  intros Hp. set (y := 1 - p). assert (Hy : 0 <= p <= y) by (unfold y; lra).
  set (b := fun j => p ^ j * y ^ (G + 1 - j) - p ^ (G + 1 - j) * y ^ j).
  assert (E1 : excess p = sum_over (fun j => (2 * INR j - 1) * term j * b j) (seq 0 (S G))).
  { set (up := fun j => (2 * INR j - 1) * term j * (p ^ j * y ^ (G + 1 - j))). set (down := fun j => (2 * (g - INR j) - 1) * term j * (p ^ (j + 1) * y ^ (G - j))).
    assert (X : excess p = sum_over up (seq 0 (S G)) - sum_over down (seq 0 (S G))).
    { unfold excess. fold y. rewrite (sum_comb [(1, up); (-1, down)]); [cbn [comb_sum]; ring |].
      intros j Hj. apply in_seq in Hj. cbn [comb]. unfold up, down. replace (G + 1 - j)%nat with (S (G - j)) by lia. replace (j + 1)%nat with (S j) by lia. simpl pow. ring. }
    rewrite X. rewrite (sum_reverse (S G) down). rewrite (sum_ext (fun j => down (0 + 0 + S G - 1 - j)%nat) (fun j => (2 * INR j - 1) * term j * (p ^ (G + 1 - j) * y ^ j))).
    - rewrite (sum_comb [(1, up); (-1, fun j => (2 * INR j - 1) * term j * (p ^ (G + 1 - j) * y ^ j))] (fun j => (2 * INR j - 1) * term j * b j)); [cbn [comb_sum]; ring |].
      intros j _. unfold up, b. cbn [comb]. ring.
    - intros j Hj. apply in_seq in Hj. unfold down. replace (0 + 0 + S G - 1 - j)%nat with (G - j)%nat by lia. rewrite term_sym by lia. rewrite minus_INR by lia.
      replace (G - j + 1)%nat with (G + 1 - j)%nat by lia. replace (G - (G - j))%nat with j by lia. ring. }
  assert (E2 : excess p = sum_over (fun i => (2 * (INR i + 1) - 1) * term (S i) * b (S i)) (seq 0 G)).
  { rewrite E1. cbn [seq sum_over]. rewrite term_0, Rmult_0_r, Rmult_0_l, Rplus_0_l. rewrite sum_shift_seq. apply sum_ext. intros. rewrite S_INR. reflexivity. }
  assert (E3 : excess p = sum_over (fun i => - ((2 * (g - (INR i + 1)) + 1) * term i * b (S i))) (seq 0 G)).
  { rewrite E2. rewrite sum_reverse. apply sum_ext. intros i Hi. apply in_seq in Hi. replace (0 + 0 + G - 1 - i)%nat with (G - S i)%nat by lia.
    replace (S (G - S i)) with (G - i)%nat by lia. rewrite term_sym by lia. rewrite minus_INR, S_INR by lia. unfold b.
    replace (G + 1 - (G - i))%nat with (S i) by lia. replace (G + 1 - S i)%nat with (G - i)%nat by lia. ring. }
  assert (E4 : 2 * excess p = sum_over (fun i => ((2 * (INR i + 1) - 1) * term (S i) - (2 * (g - (INR i + 1)) + 1) * term i) * b (S i)) (seq 0 G)).
  { rewrite (sum_comb [(1, fun i => (2 * (INR i + 1) - 1) * term (S i) * b (S i)); (1, fun i => - ((2 * (g - (INR i + 1)) + 1) * term i * b (S i)))]) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. rewrite <- E2, <- E3. ring. }
  assert (0 <= 2 * excess p); [| lra]. rewrite E4. apply sum_nonneg. intros i Hi. apply in_seq in Hi. destruct (pair_sign i ltac:(lia)) as [S1 S2].
  destruct (le_lt_dec (2 * S i) (G + 1)) as [le | lt].
  - assert (2 * (INR i + 1) <= g + 1). { rewrite <- !S_INR. replace 2 with (INR 2) by (simpl; ring). rewrite <- mult_INR. apply le_INR. lia. }
    apply Rmult_le_pos; [apply S1; assumption |]. unfold b.
    replace (G + 1 - S i)%nat with (S i + (G + 1 - 2 * S i))%nat by lia. rewrite !pow_add. assert (P := pow_pair p y (G + 1 - 2 * S i) Hy).
    assert (0 <= p ^ S i * y ^ S i) by (apply Rmult_le_pos; apply pow_le; lra).
    replace (p ^ S i * (y ^ S i * y ^ (G + 1 - 2 * S i)) - p ^ S i * p ^ (G + 1 - 2 * S i) * y ^ S i) with (p ^ S i * y ^ S i * (y ^ (G + 1 - 2 * S i) - p ^ (G + 1 - 2 * S i))) by ring.
    apply Rmult_le_pos; lra.
  - assert (g + 1 <= 2 * (INR i + 1)). { rewrite <- !S_INR. replace 2 with (INR 2) by (simpl; ring). rewrite <- mult_INR. apply le_INR. lia. }
    specialize (S2 H). set (e := (2 * (INR i + 1) - 1) * term (S i) - (2 * (g - (INR i + 1)) + 1) * term i) in *.
    assert (Bn : b (S i) <= 0); [| replace (e * b (S i)) with (- e * - b (S i)) by ring; apply Rmult_le_pos; lra]. unfold b.
    set (m := (G + 1 - S i)%nat). assert (Em : S i = (m + (S i - m))%nat) by (unfold m; lia). rewrite Em, !pow_add. assert (P := pow_pair p y (S i - m) Hy).
    assert (0 <= p ^ m * y ^ m) by (apply Rmult_le_pos; apply pow_le; lra).
    assert (0 <= p ^ m * y ^ m * (y ^ (S i - m) - p ^ (S i - m))) by (apply Rmult_le_pos; lra).
    replace (p ^ m * p ^ (S i - m) * y ^ m - p ^ m * (y ^ m * y ^ (S i - m))) with (- (p ^ m * y ^ m * (y ^ (S i - m) - p ^ (S i - m)))) by ring. lra.
Qed.
Definition form_slope p := sum_over (fun j => term j * (INR j * p ^ pred j * (1 - p) ^ (G - j) - p ^ j * (INR (G - j) * (1 - p) ^ pred (G - j)))) (seq 0 (S G)).
Lemma form_derive p : is_derive form p (form_slope p).
Proof.
  unfold form, form_slope. apply (sum_derive (fun j p => term j * (p ^ j * (1 - p) ^ (G - j)))). intros j _.
  apply (is_derive_scal (fun p => p ^ j * (1 - p) ^ (G - j))). auto_derive; [trivial | unfold Rminus; ring].
Qed.
Lemma pow_step x n : x * (INR n * x ^ pred n) = INR n * x ^ n.
Proof. destruct n; [simpl; ring |]. simpl pred. simpl pow. ring. Qed.
Lemma excess_is p : excess p = 2 * (p * (1 - p)) * form_slope p - (1 - 2 * p) * form p.
Proof.
  unfold excess, form_slope, form. rewrite <- !sum_scal.
  rewrite (sum_comb [(1, fun a => 2 * (p * (1 - p)) * (term a * (INR a * p ^ pred a * (1 - p) ^ (G - a) - p ^ a * (INR (G - a) * (1 - p) ^ pred (G - a))))); (-1, fun a => (1 - 2 * p) * (term a * (p ^ a * (1 - p) ^ (G - a))))]); [cbn [comb_sum]; ring |].
  intros j Hj. apply in_seq in Hj. cbn [comb]. assert (S1 := pow_step p j). assert (S2 := pow_step (1 - p) (G - j)).
  replace (2 * (p * (1 - p)) * (term j * (INR j * p ^ pred j * (1 - p) ^ (G - j) - p ^ j * (INR (G - j) * (1 - p) ^ pred (G - j)))))
    with (2 * term j * ((1 - p) * (p * (INR j * p ^ pred j)) * (1 - p) ^ (G - j) - p * p ^ j * ((1 - p) * (INR (G - j) * (1 - p) ^ pred (G - j))))) by ring.
  rewrite S1, S2. rewrite minus_INR by lia. ring.
Qed.
Lemma form_nonneg p : 0 <= p <= 1 -> 0 <= form p.
Proof. intros Hp. apply sum_nonneg. intros. apply Rmult_le_pos; [apply term_nonneg | apply Rmult_le_pos; apply pow_le; lra]. Qed.
(* (E s)^2 / (p (1 - p)) grows on (0, 1/2] *)
Lemma deviation_ratio_grows p s : 0 < p -> p <= s -> s <= 1 / 2 -> form p ^2 / (p * (1 - p)) <= form s ^2 / (s * (1 - s)).
Proof.
  intros Hp Hps Hs. apply (nondecreasing (fun t => form t ^2 / (t * (1 - t))) (fun t => form t * excess t / (t * (1 - t))^2)); [assumption | |].
  - intros t Ht. assert (D := form_derive t). evar_last.
    + apply (is_derive_div (fun t => form t ^2) (fun t => t * (1 - t))); [apply (is_derive_pow form 2); exact D | auto_derive; [trivial | reflexivity] | apply Rgt_not_eq, Rmult_lt_0_compat; lra].
    + rewrite excess_is. cbn [INR pred]. field. lra.
  - intros t Ht. apply Rmult_le_pos; [apply Rmult_le_pos; [apply form_nonneg; lra | apply excess_nonneg; lra] |]. left. apply Rinv_0_lt_compat, pow_lt, Rmult_lt_0_compat; lra.
Qed.
End Deviation.
(* the chance of a mixed group over p (1 - p) falls on (0, 1/2] *)
Definition power_sum m p := sum_over (fun i => p ^ i + (1 - p) ^ i) (seq 0 m).
Lemma mixed_chance m p : 1 - p ^ (S (S m)) - (1 - p) ^ (S (S m)) = p * (1 - p) * power_sum (S m) p.
Proof.
  unfold power_sum. induction m; [simpl; ring |]. rewrite (seq_S (S m) 0), sum_app_one, Rmult_plus_distr_l, <- IHm. change (0 + S m)%nat with (S m). rewrite <- !(tech_pow_Rmult _ (S (S m))), <- !(tech_pow_Rmult _ (S m)). ring.
Qed.
Lemma power_sum_falls m p s : 0 <= p -> p <= s -> s <= 1 / 2 -> power_sum m s <= power_sum m p.
Proof.
  intros Hp Hps Hs. apply sum_le. intros i _.
  assert (B : - (p ^ i + (1 - p) ^ i) <= - (s ^ i + (1 - s) ^ i)); [| lra].
  apply (nondecreasing (fun t => - (t ^ i + (1 - t) ^ i)) (fun t => INR i * ((1 - t) ^ pred i - t ^ pred i))); [assumption | |].
  - intros t _. auto_derive; [trivial | unfold Rminus; ring].
  - intros t Ht. apply Rmult_le_pos; [apply pos_INR |]. assert (P := pow_incr t (1 - t) (pred i) ltac:(lra)). lra.
Qed.
(* the ratio, with D = |mu_1 - mu_0|^2 and the spreads tau_1, tau_0 of the scores in the two classes; E s = mean_deviation *)
Definition whitened_signal_to_noise n p D tau1 tau0 := let G := INR (S (S n)) in
  mean_deviation (S (S n)) p ^2 * D / ((1 - / G) * (p * (1 - p)) * D + / G * (tau1 * ((1 - p) * (1 - (1 - p) ^ (S n))) + tau0 * (p * (1 - p ^ (S n))))).
Theorem whitened_signal_to_noise_form {A D : Type} (acts : list A) (dims : list D) (pol : (D -> R) -> A -> R) (r : A -> R) (theta : D -> R) (g : A -> D -> R) (v : D -> R) n :
  differentiable_policy acts dims pol theta g -> is_gradient dims (objective acts pol r) theta v -> (forall a, In a acts -> r a = 0 \/ r a = 1) ->
  let V := GroupUpdate.expect acts pol theta r in 0 < V < 1 ->
  let G := INR (S (S n)) in let E := group_expect acts pol theta (S (S n)) in
  sum_over (fun k => E (whitened r g G k) ^2) dims / sum_over (fun k => E (fun w => whitened r g G k w ^2)) dims
  = whitened_signal_to_noise n V (class_distance acts dims pol r theta g) (spread_right acts dims pol r theta g) (spread_wrong acts dims pol r theta g).
Proof.
  intros Hpol Hv Hr V HV G E. assert (S2 := whitened_second_moment acts dims pol r theta g Hpol Hr HV n). cbv zeta in S2. fold E G in S2. fold V in S2.
  rewrite S2. unfold whitened_signal_to_noise. fold G. f_equal. rewrite mean_deviation_is_push.
  assert (N := squared_norm_class_distance acts dims pol r theta g Hpol v Hv HV). unfold squared_norm in N. fold V in N.
  rewrite (sum_ext _ (fun k => w V n ^2 * v k ^2)).
  - rewrite sum_scal. rewrite N. ring.
  - intros k Hk. destruct (whitened_mean acts dims pol r theta g Hpol v Hv Hr HV n k Hk) as (M & _ & _). fold V G E in M. rewrite M. ring.
Qed.
Lemma ratio_grows n p s D tau : 0 < p -> p <= s -> s <= 1 / 2 -> 0 <= D -> 0 <= tau -> whitened_signal_to_noise n p D tau tau <= whitened_signal_to_noise n s D tau tau.
Proof.
  intros Hp Hps Hs HD Ht. set (G := INR (S (S n))). assert (HG : 2 <= G) by (unfold G; rewrite !S_INR; assert (H := pos_INR n); lra).
  assert (Hf : forall x, 0 < x <= 1 / 2 -> 0 < x * (1 - x)) by (intros; apply Rmult_lt_0_compat; lra).
  assert (a0 : forall x, 0 < x <= 1 / 2 -> 0 < power_sum (S n) x).
  { intros x Hx. unfold power_sum. cbn [seq sum_over]. assert (0 <= sum_over (fun i => x ^ i + (1 - x) ^ i) (seq 1 n)) by (apply sum_nonneg; intros; apply Rplus_le_le_0_compat; apply pow_le; lra). simpl pow. lra. }
  (* the ratio as (E s)^2 / q over a sum that falls *)
  assert (F : forall x, 0 < x <= 1 / 2 -> whitened_signal_to_noise n x D tau tau = form (S (S n)) x ^2 / (x * (1 - x)) * D * / ((1 - / G) * D + / G * tau * power_sum (S n) x)).
  { intros x Hx. unfold whitened_signal_to_noise. fold G. rewrite form_is.
    assert (M := mixed_chance n x). rewrite <- !(tech_pow_Rmult _ (S n)) in M.
    replace ((1 - / G) * (x * (1 - x)) * D + / G * (tau * ((1 - x) * (1 - (1 - x) ^ S n)) + tau * (x * (1 - x ^ S n))))
      with ((1 - / G) * (x * (1 - x)) * D + / G * tau * (1 - x * x ^ S n - (1 - x) * (1 - x) ^ S n)) by ring.
    rewrite M. replace ((1 - / G) * (x * (1 - x)) * D + / G * tau * (x * (1 - x) * power_sum (S n) x)) with (x * (1 - x) * ((1 - / G) * D + / G * tau * power_sum (S n) x)) by ring.
    specialize (Hf x Hx). set (d := (1 - / G) * D + / G * tau * power_sum (S n) x). unfold Rdiv. rewrite Rinv_mult. ring. }
  rewrite !F by lra.
  assert (Gr := deviation_ratio_grows (S (S n)) ltac:(lia) p s Hp Hps Hs). assert (Fl := power_sum_falls (S n) p s ltac:(lra) Hps Hs).
  assert (g1 : 0 < / G) by (apply Rinv_0_lt_compat; lra). assert (g2' : / G <= / 2) by (apply Rinv_le_contravar; lra).
  set (dp := (1 - / G) * D + / G * tau * power_sum (S n) p). set (ds := (1 - / G) * D + / G * tau * power_sum (S n) s).
  assert (gt : 0 <= / G * tau) by (apply Rmult_le_pos; lra). assert (Dd : 0 <= (1 - / G) * D) by (apply Rmult_le_pos; lra).
  assert (ds0 : 0 <= ds) by (unfold ds; assert (0 <= / G * tau * power_sum (S n) s) by (apply Rmult_le_pos; [assumption | left; apply a0; lra]); lra).
  assert (dd : ds <= dp) by (unfold dp, ds; apply Rplus_le_compat_l, Rmult_le_compat_l; assumption).
  assert (Q0 : 0 <= form (S (S n)) p ^2 / (p * (1 - p))) by (apply Rmult_le_pos; [apply pow2_ge_0 | left; apply Rinv_0_lt_compat, Hf; lra]).
  destruct (Req_dec D 0) as [-> | nD]; [rewrite !Rmult_0_r, !Rmult_0_l; lra |].
  assert (dsp : 0 < ds). { unfold ds. assert (0 < (1 - / G) * D) by (apply Rmult_lt_0_compat; lra). assert (0 <= / G * tau * power_sum (S n) s) by (apply Rmult_le_pos; [assumption | left; apply a0; lra]). lra. }
  apply Rmult_le_compat; [apply Rmult_le_pos; assumption | left; apply Rinv_0_lt_compat; lra | apply Rmult_le_compat_r; assumption | apply Rinv_le_contravar; lra].
Qed.
Lemma ratio_symmetric n p D tau : 0 <= p <= 1 -> whitened_signal_to_noise n p D tau tau = whitened_signal_to_noise n (1 - p) D tau tau.
Proof.
  intros Hp. unfold whitened_signal_to_noise. rewrite !mean_deviation_is_push, (group_gain_symmetric n p). replace (1 - (1 - p)) with p by ring. unfold Rdiv. f_equal; [ring | f_equal; ring].
Qed.
(* B11, and B57 for G <= 64 *)
Theorem whitened_signal_to_noise_peak n p D tau : 0 < p < 1 -> 0 <= D -> 0 <= tau -> whitened_signal_to_noise n p D tau tau <= whitened_signal_to_noise n (1 / 2) D tau tau.
Proof.
  intros Hp HD Ht. destruct (Rle_lt_dec p (1 / 2)); [apply ratio_grows; lra |]. rewrite (ratio_symmetric n p) by lra. apply ratio_grows; lra.
Qed.
(* the same for any two pass rates: the ratio grows with p (1 - p) *)
Theorem whitened_signal_to_noise_increases n p s D tau : 0 < p < 1 -> 0 < s < 1 -> p * (1 - p) <= s * (1 - s) -> 0 <= D -> 0 <= tau ->
  whitened_signal_to_noise n p D tau tau <= whitened_signal_to_noise n s D tau tau.
Proof.
  intros Hp Hs Hq HD Ht.
  assert (Half : forall x, 0 < x < 1 -> exists y, 0 < y <= 1 / 2 /\ y * (1 - y) = x * (1 - x) /\ whitened_signal_to_noise n x D tau tau = whitened_signal_to_noise n y D tau tau).
  { intros x Hx. destruct (Rle_lt_dec x (1 / 2)); [exists x; repeat split; lra |]. exists (1 - x). repeat split; [lra | lra | ring | apply ratio_symmetric; lra]. }
  destruct (Half p Hp) as (a & Ha & Ea & ->). destruct (Half s Hs) as (b & Hb & Eb & ->). rewrite <- Ea, <- Eb in Hq.
  apply ratio_grows; try lra. destruct (Rle_lt_dec a b); [assumption | exfalso]. assert (0 < (a - b) * (1 - a - b)); [apply Rmult_lt_0_compat; lra | lra].
Qed.
