(* L05: the expected whitened update of a group of M = n + 2 is the gradient of h_M (pass rate), h_M' = w_M, h_M -> 2 arcsin sqrt t. *)
Require Import Reals Lra Psatz Lia List Ratan.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Calculus GroupGain GainShape BinomialMeans GainBounds Policy GroupUpdate.
Open Scope R_scope.

(* the advantage of a correct rollout (b) and of a wrong one (a) beside s correct ones among the other M - 1 *)
Definition advantage_right M s := (1 - INR (S s) / INR M) / sqrt (INR (S s) / INR M * (1 - INR (S s) / INR M)).
Definition advantage_wrong M s := (0 - INR s / INR M) / sqrt (INR s / INR M * (1 - INR s / INR M)).
(* the regularised incomplete beta function I_t (s + 1, m + 1) for natural s, m *)
Definition beta_kernel (s m : nat) x := x ^ s * (1 - x) ^ m.
Definition incomplete_beta (s m : nat) t := RInt (beta_kernel s m) 0 t / RInt (beta_kernel s m) 0 1.
Definition update_potential n t := / INR (S (S n)) * sum_f_R0 (fun s => (advantage_right (S (S n)) s - advantage_wrong (S (S n)) s) * incomplete_beta s (S n - s) t) (S n).

(* I_t (s + 1, M - s) is the chance that more than s of M flips are heads *)
Definition above (s j : nat) := if Nat.ltb s j then 1 else 0.
Definition equal_to (s j : nat) := if Nat.eqb j s then 1 else 0.
Lemma above_step s j : Delta (above s) j = equal_to s j.
Proof.
  unfold Delta, above, equal_to. destruct (Nat.ltb_spec s (S j)); destruct (Nat.ltb_spec s j); destruct (Nat.eqb_spec j s); try lia; ring.
Qed.
Lemma sum_single f s n : (s <= n)%nat -> sum_f_R0 (fun j => f j * equal_to s j) n = f s.
Proof.
  intros H. assert (Z : forall m, (m < s)%nat -> sum_f_R0 (fun j => f j * equal_to s j) m = 0).
  { induction m; intros L.
    - cbn. unfold equal_to. destruct (Nat.eqb_spec 0 s); [lia | ring].
    - rewrite tech5, IHm by lia. unfold equal_to. destruct (Nat.eqb_spec (S m) s); [lia | ring]. }
  induction n; [replace s with O by lia; cbn; unfold equal_to; cbn; ring |]. rewrite tech5. destruct (Nat.eq_dec (S n) s) as [e | n0].
  - rewrite Z by lia. rewrite <- e. unfold equal_to. rewrite Nat.eqb_refl. ring.
  - rewrite IHn by lia. unfold equal_to. destruct (Nat.eqb_spec (S n) s); [lia | ring].
Qed.
Lemma above_derive n s t : (s <= n)%nat -> is_derive (fun t => EB t (S n) (above s)) t (INR (S n) * Binomial.C n s * beta_kernel s (n - s) t).
Proof.
  intros Hs. eapply derive_value; [| apply (EB_derive (S n))]. real_equation. rewrite Rmult_assoc. f_equal.
  rewrite (EB_ext t n (Delta (above s)) (equal_to s)) by (intros; apply above_step). rewrite EB_is_binomial_mean. unfold binomial_mean, beta_kernel.
  rewrite (sum_single (fun j => Binomial.C n j * t ^ j * (1 - t) ^ (n - j)) s n Hs). ring.
Qed.
Lemma kernel_continuous s m x : continuous (beta_kernel s m) x.
Proof. apply (@ex_derive_continuous R_AbsRing R_NormedModule). unfold beta_kernel. auto_derive. trivial. Qed.
Lemma C_positive n s : (s <= n)%nat -> 0 < Binomial.C n s.
Proof. intros H. unfold Binomial.C. apply Rdiv_lt_0_compat; [apply INR_fact_lt_0 | apply Rmult_lt_0_compat; apply INR_fact_lt_0]. Qed.
Lemma kernel_integral n s t : (s <= n)%nat -> RInt (beta_kernel s (n - s)) 0 t = EB t (S n) (above s) / (INR (S n) * Binomial.C n s).
Proof.
  intros Hs. assert (HC := C_positive n s Hs). assert (HN : 0 < INR (S n)) by (apply lt_0_INR; lia). assert (0 < INR (S n) * Binomial.C n s) by (apply Rmult_lt_0_compat; assumption).
  apply (@is_RInt_unique R_CompleteNormedModule). set (c := INR (S n) * Binomial.C n s) in *.
  replace (EB t (S n) (above s) / c) with (EB t (S n) (above s) / c - EB 0 (S n) (above s) / c) by (rewrite EB_at_0; unfold above; cbn; unfold Rdiv; ring).
  apply (is_RInt_derive (fun t => EB t (S n) (above s) / c) (beta_kernel s (n - s))); [| intros; apply kernel_continuous].
  intros x _. apply (derive_ext (fun t => / c * EB t (S n) (above s))); [intros; unfold Rdiv; ring |].
  eapply derive_value; [| apply (is_derive_scal (fun t => EB t (S n) (above s))); apply (above_derive n s x Hs)]. real_equation. fold c. field. lra.
Qed.
Lemma incomplete_beta_is_chance n s t : (s <= n)%nat -> incomplete_beta s (n - s) t = EB t (S n) (above s).
Proof.
  intros Hs. assert (HC := C_positive n s Hs). assert (HN : 0 < INR (S n)) by (apply lt_0_INR; lia). assert (0 < INR (S n) * Binomial.C n s) by (apply Rmult_lt_0_compat; assumption).
  unfold incomplete_beta. rewrite !kernel_integral by assumption. rewrite EB_at_1. unfold above at 2. destruct (Nat.ltb_spec s (S n)); [field; lra | lia].
Qed.
(* b_s - a_s averages to w_M *)
Lemma advantage_gap n k : (k <= S n)%nat ->
  advantage_right (S (S n)) k - advantage_wrong (S (S n)) k = (INR k * c n (pred k) + (INR (S n) - INR k) * c n k) / INR (S n).
Proof.
  intros Hk. apply le_INR in Hk. assert (H0 := pos_INR k). assert (Hn := pos_INR n). unfold advantage_right, advantage_wrong, c. rewrite !S_INR in *. set (M := INR n + 1 + 1) in *.
  assert (HM : 0 < M) by (unfold M; lra). assert (Hi : 0 < / M) by (apply Rinv_0_lt_compat; assumption).
  assert (Root : forall x, 0 <= x <= M -> sqrt (x / M * (1 - x / M)) = sqrt (x * (M - x)) * / M).
  { intros x Hx. replace (x / M * (1 - x / M)) with (x * (M - x) * (/ M)^2) by (field; lra). rewrite sqrt_mult; [| apply Rmult_le_pos; lra | apply pow2_ge_0]. rewrite sqrt_pow2 by lra. reflexivity. }
  rewrite !Root by (unfold M; lra).
  assert (A : (1 - (INR k + 1) / M) / (sqrt ((INR k + 1) * (M - (INR k + 1))) * / M) = (INR n + 1 - INR k) * ((INR n + 1) / sqrt ((INR k + 1) * (INR n + 1 - INR k))) / (INR n + 1)).
  { replace (M - (INR k + 1)) with (INR n + 1 - INR k) by (unfold M; ring). destruct (Req_dec (INR n + 1 - INR k) 0) as [e | ne].
    - replace (1 - (INR k + 1) / M) with 0 by (unfold M; field_simplify_eq; [lra | lra]). rewrite e. unfold Rdiv. ring.
    - assert (0 < sqrt ((INR k + 1) * (INR n + 1 - INR k))) by (apply sqrt_lt_R0, Rmult_lt_0_compat; lra). unfold M. field. unfold M in HM. repeat split; lra. }
  assert (B : (0 - INR k / M) / (sqrt (INR k * (M - INR k)) * / M) = - (INR k * ((INR n + 1) / sqrt ((INR (pred k) + 1) * (INR n + 1 - INR (pred k)))) / (INR n + 1))).
  { destruct k as [|j]; [change (INR 0) with 0; unfold Rdiv; ring |]. cbn [pred]. rewrite S_INR in *. assert (Hj := pos_INR j).
    replace (M - (INR j + 1)) with (INR n + 1 - INR j) by (unfold M; ring). assert (0 < sqrt ((INR j + 1) * (INR n + 1 - INR j))) by (apply sqrt_lt_R0, Rmult_lt_0_compat; lra). field. repeat split; lra. }
  rewrite A, B. unfold Rdiv. ring.
Qed.
Lemma update_potential_derive n t : is_derive (update_potential n) t (w t n).
Proof.
  set (d := fun s => advantage_right (S (S n)) s - advantage_wrong (S (S n)) s).
  assert (E : w t n = sum_f_R0 (fun s => d s * (Binomial.C (S n) s * beta_kernel s (S n - s) t)) (S n)).
  { unfold w. change (fun j => (INR n + 1) / sqrt ((INR j + 1) * (INR n + 1 - INR j))) with (c n). rewrite EB_raise. rewrite (EB_ext t (S n) _ d).
    - rewrite EB_is_binomial_mean. unfold binomial_mean. apply sum_eq. intros s _. unfold beta_kernel. ring.
    - intros k Hk. symmetry. apply advantage_gap. exact Hk. }
  assert (HM : 0 < INR (S (S n))) by (apply lt_0_INR; lia).
  assert (D : forall N, (N <= S n)%nat -> is_derive (fun t => sum_f_R0 (fun s => d s * incomplete_beta s (S n - s) t) N) t (INR (S (S n)) * sum_f_R0 (fun s => d s * (Binomial.C (S n) s * beta_kernel s (S n - s) t)) N)).
  { assert (One : forall s, (s <= S n)%nat -> is_derive (fun t => d s * incomplete_beta s (S n - s) t) t (INR (S (S n)) * (d s * (Binomial.C (S n) s * beta_kernel s (S n - s) t)))).
    { intros s Hs. apply (derive_ext (fun t => d s * EB t (S (S n)) (above s))); [intros; rewrite incomplete_beta_is_chance by assumption; reflexivity |].
      eapply derive_value; [| apply (is_derive_scal (fun t => EB t (S (S n)) (above s))); apply (above_derive (S n) s t Hs)]. real_equation. ring. }
    induction N; intros HN; [exact (One O HN) |].
    apply (derive_ext (fun t => sum_f_R0 (fun s => d s * incomplete_beta s (S n - s) t) N + d (S N) * incomplete_beta (S N) (S n - S N) t)); [intros; rewrite tech5; reflexivity |].
    rewrite tech5, Rmult_plus_distr_l. apply (is_derive_plus (fun t => sum_f_R0 (fun s => d s * incomplete_beta s (S n - s) t) N) (fun t => d (S N) * incomplete_beta (S N) (S n - S N) t)); [apply IHN; lia | apply One; exact HN]. }
  rewrite E. eapply derive_value; [| apply (is_derive_scal (fun t => sum_f_R0 (fun s => d s * incomplete_beta s (S n - s) t) (S n))); apply (D (S n)); lia].
  real_equation. field. lra.
Qed.
Lemma update_potential_0 n : update_potential n 0 = 0.
Proof.
  unfold update_potential. rewrite (sum_eq _ (fun _ => 0)).
  - rewrite sum_cte. ring.
  - intros s Hs. rewrite incomplete_beta_is_chance by assumption. rewrite EB_at_0. unfold above. cbn. ring.
Qed.

(* ---- the limit ---- *)
Definition arc t := 2 * asin (sqrt t).
Lemma arc_derive t : 0 < t < 1 -> is_derive arc t (/ sqrt (t * (1 - t))).
Proof.
  intros Ht. assert (S0 := sqrt_lt_R0 t ltac:(lra)). assert (S1 := sqrt_lt_R0 (1 - t) ltac:(lra)).
  assert (L1 : sqrt t < 1) by (rewrite <- sqrt_1; apply sqrt_lt_1; lra).
  assert (Da : is_derive asin (sqrt t) (/ sqrt (1 - t))).
  { apply is_derive_Reals. replace (/ sqrt (1 - t)) with (1 / sqrt (1 - Rsqr (sqrt t))) by (rewrite Rsqr_sqrt by lra; field; lra). 
    assert (R1 : -1 < sqrt t < 1) by lra. apply (derive_pt_eq_1 asin (sqrt t) _ (derivable_pt_asin (sqrt t) R1)). apply derive_pt_asin. }
  assert (Ds : is_derive sqrt t (/ (2 * sqrt t))) by (apply is_derive_Reals, derivable_pt_lim_sqrt; lra).
  eapply derive_value; [| apply (is_derive_scal (fun t => asin (sqrt t))); apply (is_derive_comp asin sqrt); [exact Da | exact Ds]].
  real_equation. unfold scal; simpl; unfold mult; simpl. rewrite sqrt_mult by lra. field. lra.
Qed.
Lemma arc_small eta : 0 <= eta <= 1 -> arc ((sin eta)^2) = 2 * eta.
Proof.
  intros He. assert (P := PI2_1). assert (0 <= sin eta) by (apply sin_ge_0; lra). unfold arc. rewrite sqrt_pow2 by assumption. rewrite asin_sin; lra.
Qed.
Lemma arc_le_PI t : arc t <= PI.
Proof. unfold arc. assert (H := asin_bound (sqrt t)). lra. Qed.
Lemma gain_nonneg n t : 0 <= t <= 1 -> 0 <= w t n.
Proof.
  intros Ht. rewrite <- (EB_const t n 0). apply EB_le; [assumption |]. intros j Hj. apply le_INR in Hj. assert (H0 := pos_INR j). assert (Hn := pos_INR n).
  apply Rmult_le_pos; [lra |]. left. apply Rinv_0_lt_compat, sqrt_lt_R0, Rmult_lt_0_compat; lra.
Qed.
Lemma gain_below_limit n t : 0 < t < 1 -> w t n <= / sqrt (t * (1 - t)).
Proof.
  intros Ht. assert (Q : 0 < t * (1 - t)) by (apply Rmult_lt_0_compat; lra). assert (Hn := pos_INR n). eapply Rle_trans; [apply group_gain_upper_bracket; assumption |].
  rewrite <- sqrt_inv by assumption. apply sqrt_le_1_alt. set (G := INR n + 2). assert (2 <= G) by (unfold G; lra).
  replace ((G - 1) / (G * (t * (1 - t)))) with (/ (t * (1 - t)) * (1 - / G)) by (field; repeat split; lra). assert (0 < / G) by (apply Rinv_0_lt_compat; lra). assert (0 < / (t * (1 - t))) by (apply Rinv_0_lt_compat; assumption). nra.
Qed.
(* the lower bracket relative to the limit, uniformly where p (1 - p) >= q0 *)
Definition relative_bracket q0 n := (INR n + 1) * sqrt q0 / sqrt (INR n * (INR n - 1) * q0 + (INR n + 1)).
Lemma gain_above_bracket n t q0 : 0 < t < 1 -> 0 < q0 <= t * (1 - t) -> relative_bracket q0 n * / sqrt (t * (1 - t)) <= w t n.
Proof.
  intros Ht Hq. set (q := t * (1 - t)) in *. assert (L := group_gain_lower_bracket t ltac:(lra) n). cbv zeta in L. fold q in L.
  replace (INR n + 2 - 2) with (INR n) in L by ring. replace (INR n + 2 - 3) with (INR n - 1) in L by ring. replace (INR n + 2 - 1) with (INR n + 1) in L by ring.
  assert (Hn := pos_INR n). assert (NN : 0 <= INR n * (INR n - 1)) by (destruct n; [simpl; lra | rewrite S_INR; assert (H := pos_INR n); apply Rmult_le_pos; lra]).
  assert (D : 0 < INR n * (INR n - 1) * q + (INR n + 1)) by (assert (0 <= INR n * (INR n - 1) * q) by (apply Rmult_le_pos; lra); lra).
  assert (D0 : 0 < INR n * (INR n - 1) * q0 + (INR n + 1)) by (assert (0 <= INR n * (INR n - 1) * q0) by (apply Rmult_le_pos; lra); lra).
  set (d := INR n * (INR n - 1) * q + (INR n + 1)) in *. set (d0 := INR n * (INR n - 1) * q0 + (INR n + 1)) in *.
  eapply Rle_trans; [| exact L]. unfold relative_bracket. fold d0. assert (Sd := sqrt_lt_R0 d D). assert (Sd0 := sqrt_lt_R0 d0 D0). assert (Sq := sqrt_lt_R0 q ltac:(lra)). assert (Sq0 := sqrt_lt_R0 q0 ltac:(lra)).
  unfold Rdiv. rewrite !Rmult_assoc. apply Rmult_le_compat_l; [lra |].
  (* sqrt q0 sqrt d <= sqrt d0 sqrt q, since q0 d <= q d0 *)
  assert (M : sqrt q0 * sqrt d <= sqrt d0 * sqrt q).
  { rewrite <- !sqrt_mult by lra. apply sqrt_le_1_alt. unfold d, d0. assert (0 <= (q - q0) * (INR n + 1)) by (apply Rmult_le_pos; lra). lra. }
  apply Rmult_le_reg_r with (sqrt d0 * sqrt q * sqrt d); [repeat apply Rmult_lt_0_compat; assumption |].
  replace (sqrt q0 * (/ sqrt d0 * / sqrt q) * (sqrt d0 * sqrt q * sqrt d)) with (sqrt q0 * sqrt d) by (field; lra).
  replace (/ sqrt d * (sqrt d0 * sqrt q * sqrt d)) with (sqrt d0 * sqrt q) by (field; lra). exact M.
Qed.
Lemma relative_bracket_limit q0 : 0 < q0 -> is_lim_seq (relative_bracket q0) 1.
Proof.
  intros Hq. set (lo := fun x => sqrt ((1 - x)^2 * q0 / ((1 - 2 * x) * (1 - 3 * x) * q0 + x * (1 - x)))).
  apply (is_lim_seq_ext (fun n => lo (/ (INR n + 2)))).
  - intros n. assert (Hn := pos_INR n). assert (NN : 0 <= INR n * (INR n - 1)) by (destruct n; [simpl; lra | rewrite S_INR; assert (H := pos_INR n); apply Rmult_le_pos; lra]).
    assert (D0 : 0 < INR n * (INR n - 1) * q0 + (INR n + 1)) by (assert (0 <= INR n * (INR n - 1) * q0) by (apply Rmult_le_pos; lra); lra).
    unfold lo, relative_bracket. set (G := INR n + 2). assert (HG : 2 <= G) by (unfold G; lra).
    replace ((1 - / G)^2 * q0 / ((1 - 2 * / G) * (1 - 3 * / G) * q0 + / G * (1 - / G))) with ((G - 1)^2 * (q0 * / ((G - 2) * (G - 3) * q0 + (G - 1)))).
    + replace (G - 2) with (INR n) by (unfold G; ring). replace (G - 3) with (INR n - 1) by (unfold G; ring). replace (G - 1) with (INR n + 1) by (unfold G; ring).
      rewrite sqrt_mult, sqrt_pow2 by (lra || apply pow2_ge_0 || (left; apply Rmult_lt_0_compat; [assumption | apply Rinv_0_lt_compat; assumption])).
      rewrite sqrt_mult by (lra || (left; apply Rinv_0_lt_compat; assumption)). rewrite sqrt_inv by assumption. unfold Rdiv. ring.
    + assert ((G - 2) * (G - 3) * q0 + (G - 1) <> 0) by (unfold G; replace (INR n + 2 - 2) with (INR n) by ring; replace (INR n + 2 - 3) with (INR n - 1) by ring; lra). field. split; lra.
  - replace (Finite 1) with (Finite (lo 0)).
    + apply (is_lim_seq_continuous lo); [| apply inverse_size_limit]. apply derivable_continuous_pt. exists (Derive lo 0). apply is_derive_Reals, Derive_correct.
      unfold lo. auto_derive. repeat split; try lra. replace ((1 + - 0) * ((1 + - 0) * 1) * q0 * / ((1 + - (2 * 0)) * (1 + - (3 * 0)) * q0 + 0 * (1 + - 0))) with 1 by (field; lra). lra.
    + f_equal. unfold lo. replace ((1 - 0)^2 * q0 / ((1 - 2 * 0) * (1 - 3 * 0) * q0 + 0 * (1 - 0))) with 1 by (field; lra). apply sqrt_1.
Qed.
Lemma potential_bounds n d t : 0 < d -> d <= t -> t < 1 ->
  arc d - update_potential n d <= arc t - update_potential n t
  /\ (forall q0, 0 < q0 -> (forall s, d <= s <= t -> q0 <= s * (1 - s)) ->
      arc t - update_potential n t <= arc d - update_potential n d + (1 - relative_bracket q0 n) * (arc t - arc d)).
Proof.
  intros Hd Hdt Ht. split.
  - apply (nondecreasing (fun s => arc s - update_potential n s) (fun s => / sqrt (s * (1 - s)) - w s n)); [assumption | |].
    + intros s Hs. apply (is_derive_minus arc (update_potential n)); [apply arc_derive; lra | apply update_potential_derive].
    + intros s Hs. assert (H := gain_below_limit n s ltac:(lra)). lra.
  - intros q0 Hq Hs. set (L := relative_bracket q0 n).
    assert (A := nondecreasing (fun s => update_potential n s + (- L) * arc s) (fun s => w s n + (- L) * / sqrt (s * (1 - s))) d t Hdt).
    assert (update_potential n d + (- L) * arc d <= update_potential n t + (- L) * arc t); [| lra]. apply A.
    + intros s Hst. apply (is_derive_plus (update_potential n) (fun s => - L * arc s)); [apply update_potential_derive |]. apply (is_derive_scal arc). apply arc_derive. lra.
    + intros s Hst. assert (H := gain_above_bracket n s q0 ltac:(lra) (conj Hq (Hs s Hst))). fold L in H. lra.
Qed.
Lemma update_potential_nonneg n t : 0 <= t <= 1 -> 0 <= update_potential n t.
Proof.
  intros Ht. rewrite <- (update_potential_0 n). apply (nondecreasing (update_potential n) (fun s => w s n)); [lra | intros; apply update_potential_derive |]. intros s Hs. apply gain_nonneg. lra.
Qed.
Lemma update_potential_linear n t : 0 <= t <= 1 -> update_potential n t <= (INR n + 1) * t.
Proof.
  intros Ht. assert (A := nondecreasing (fun s => (INR n + 1) * s + (- 1) * update_potential n s) (fun s => (INR n + 1) + (- 1) * w s n) 0 t ltac:(lra)).
  assert ((INR n + 1) * 0 + (- 1) * update_potential n 0 <= (INR n + 1) * t + (- 1) * update_potential n t); [| rewrite update_potential_0 in H; lra]. apply A.
  - intros s Hs. apply (is_derive_plus (fun s => (INR n + 1) * s) (fun s => -1 * update_potential n s)); [auto_derive; [trivial | ring] | apply (is_derive_scal (update_potential n)); apply update_potential_derive].
  - intros s Hs. assert (w s n <= INR n + 1); [| lra]. rewrite <- (EB_const s n (INR n + 1)). apply EB_le; [lra |]. intros j Hj. apply le_INR in Hj. assert (H0 := pos_INR j).
    assert (Y : 1 <= (INR j + 1) * (INR n + 1 - INR j)) by (assert (0 <= INR j * (INR n - INR j)) by (apply Rmult_le_pos; lra); lra).
    assert (1 <= sqrt ((INR j + 1) * (INR n + 1 - INR j))) by (apply Rle_trans with (sqrt 1); [rewrite sqrt_1; lra | apply sqrt_le_1_alt; exact Y]).
    apply Rmult_le_reg_r with (sqrt ((INR j + 1) * (INR n + 1 - INR j))); [lra |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. apply Rmult_le_compat_l; lra.
Qed.
Lemma update_potential_below n t : 0 < t < 1 -> update_potential n t <= arc t.
Proof.
  intros Ht. assert (Hn := pos_INR n). destruct (Rle_lt_dec (update_potential n t) (arc t)) as [|L]; [assumption | exfalso].
  set (e := update_potential n t - arc t) in *. assert (He : 0 < e) by (unfold e; lra).
  set (d := Rmin (t / 2) (e / (2 * (INR n + 1)))). assert (Hd0 : 0 < e / (2 * (INR n + 1))) by (apply Rdiv_lt_0_compat; lra).
  assert (Hd : 0 < d <= t / 2) by (unfold d, Rmin; destruct (Rle_dec (t / 2) (e / (2 * (INR n + 1)))); lra).
  assert (Hd2 : d <= e / (2 * (INR n + 1))) by (unfold d; apply Rmin_r).
  destruct (potential_bounds n d t ltac:(lra) ltac:(lra) ltac:(lra)) as [B _]. assert (Lin := update_potential_linear n d ltac:(lra)).
  assert (A0 : 0 <= arc d).
  { unfold arc. assert (0 <= asin (sqrt d)); [| lra]. rewrite <- asin_0. destruct (Rle_lt_dec (asin 0) (asin (sqrt d))) as [|N]; [assumption | exfalso].
    assert (Bd := asin_bound (sqrt d)). rewrite asin_0 in N. assert (P := PI2_1). assert (S1 : sqrt d <= 1) by (rewrite <- sqrt_1; apply sqrt_le_1_alt; lra). assert (S0 := sqrt_pos d).
    assert (sin (asin (sqrt d)) < 0) by (apply sin_lt_0_var; lra). rewrite sin_asin in H by lra. lra. }
  assert ((INR n + 1) * d <= e / 2) by (apply Rle_trans with ((INR n + 1) * (e / (2 * (INR n + 1)))); [apply Rmult_le_compat_l; lra | right; field; lra]).
  unfold e in *. lra.
Qed.
Lemma limit_inside t : 0 < t < 1 -> is_lim_seq (fun n => update_potential n t) (arc t).
Proof.
  intros Ht. apply is_lim_seq_spec. intros eps. assert (He := cond_pos eps).
  set (eta := Rmin (eps / 8) (t / 2)). assert (Eta : 0 < eta <= 1 / 2) by (unfold eta, Rmin; destruct (Rle_dec (eps / 8) (t / 2)); lra).
  assert (Eta8 : eta <= eps / 8) by apply Rmin_l. assert (EtaT : eta <= t / 2) by apply Rmin_r.
  set (d := (sin eta)^2). assert (P := PI2_1). assert (Sp : 0 < sin eta) by (apply sin_gt_0; lra). assert (Sl : sin eta <= eta) by (left; apply sin_lt_x; lra).
  assert (Hd : 0 < d) by (apply pow_lt; assumption). assert (Hdt : d <= t) by (unfold d; assert ((sin eta)^2 <= eta ^2) by (apply pow_incr; lra); nra).
  set (q0 := Rmin (d * (1 - d)) (t * (1 - t))).
  assert (Hq : 0 < q0) by (unfold q0, Rmin; destruct (Rle_dec (d * (1 - d)) (t * (1 - t))); apply Rmult_lt_0_compat; lra).
  assert (Hs : forall s, d <= s <= t -> q0 <= s * (1 - s)).
  { intros s Hst. destruct (Rle_lt_dec 0 (1 - s - d)).
    - apply Rle_trans with (d * (1 - d)); [apply Rmin_l |]. assert (0 <= (s - d) * (1 - s - d)) by (apply Rmult_le_pos; lra). lra.
    - apply Rle_trans with (t * (1 - t)); [apply Rmin_r |]. assert (0 <= (t - s) * (s + t - 1)) by (apply Rmult_le_pos; lra). lra. }
  assert (HL := relative_bracket_limit q0 Hq). apply is_lim_seq_spec in HL. assert (E8 : 0 < eps / 8) by lra. destruct (HL (mkposreal _ E8)) as [N HN]. exists N. intros n Hn. specialize (HN n Hn). simpl in HN.
  apply Rabs_lt_between in HN. destruct (potential_bounds n d t Hd Hdt ltac:(lra)) as [_ B]. specialize (B q0 Hq Hs).
  assert (U := update_potential_below n t Ht). assert (N0 := update_potential_nonneg n d ltac:(lra)). assert (Ad : arc d = 2 * eta) by (apply arc_small; lra).
  assert (At := arc_le_PI t). assert (P4 := PI_4).
  assert (D0 : 0 <= arc t - arc d <= 4).
  { split; [| lra]. assert (M := nondecreasing arc (fun s => / sqrt (s * (1 - s))) d t Hdt). assert (arc d <= arc t); [| lra]. apply M; intros s Hst; [apply arc_derive; lra |].
    left. apply Rinv_0_lt_compat, sqrt_lt_R0, Rmult_lt_0_compat; lra. }
  set (L := relative_bracket q0 n) in *. assert ((1 - L) * (arc t - arc d) <= eps / 8 * 4).
  { apply Rle_trans with (eps / 8 * (arc t - arc d)); [apply Rmult_le_compat_r; lra | apply Rmult_le_compat_l; lra]. }
  apply Rabs_lt_between. lra.
Qed.
Lemma potential_at_1 n : update_potential n 1 = 2 * update_potential n (1 / 2).
Proof.
  assert (D : forall s, is_derive (fun s => update_potential n s + update_potential n (1 - s)) s 0).
  { intros s. eapply derive_value; [| apply (is_derive_plus (update_potential n) (fun s => update_potential n (1 - s))); [apply update_potential_derive | apply (is_derive_comp (update_potential n) (fun s => 1 - s)); [apply update_potential_derive | auto_derive; [trivial | reflexivity]]]].
    real_equation. unfold plus, scal; simpl; unfold mult; simpl. rewrite (group_gain_symmetric n s). ring. }
  assert (A := nondecreasing (fun s => update_potential n s + update_potential n (1 - s)) (fun _ => 0) 0 (1/2) ltac:(lra) (fun s _ => D s) (fun _ _ => Rle_refl 0)).
  assert (B := nondecreasing (fun s => - (update_potential n s + update_potential n (1 - s))) (fun _ => - 0) 0 (1/2) ltac:(lra) (fun s _ => derive_sign_flip _ (fun _ => 0) s (D s)) ltac:(intros; lra)).
  cbv beta in A, B. rewrite update_potential_0 in A, B. replace (1 - 0) with 1 in A, B by ring. replace (1 - 1 / 2) with (1 / 2) in A, B by field. lra.
Qed.
Lemma arc_at_ends : arc 0 = 0 /\ arc 1 = 2 * arc (1 / 2).
Proof.
  unfold arc. split; [rewrite sqrt_0, asin_0; ring |]. rewrite sqrt_1, asin_1. replace (sqrt (1 / 2)) with (/ sqrt 2) by (replace (1 / 2) with (/ 2) by field; symmetry; apply sqrt_inv; lra). rewrite asin_inv_sqrt2. field.
Qed.
(* h_M -> 2 arcsin sqrt t on all of [0, 1] *)
Theorem update_potential_limit t : 0 <= t <= 1 -> is_lim_seq (fun n => update_potential n t) (2 * asin (sqrt t)).
Proof.
  intros Ht. change (2 * asin (sqrt t)) with (arc t). destruct arc_at_ends as [Z O]. destruct (Req_dec t 0) as [-> | n0].
  - rewrite Z. apply (is_lim_seq_ext (fun _ => 0)); [intros; symmetry; apply update_potential_0 | apply is_lim_seq_const].
  - destruct (Req_dec t 1) as [-> | n1]; [| apply limit_inside; lra].
    rewrite O. apply (is_lim_seq_ext (fun n => 2 * update_potential n (1 / 2))); [intros; symmetry; apply potential_at_1 |].
    replace (Finite (2 * arc (1 / 2))) with (Rbar_mult 2 (arc (1 / 2))) by reflexivity. apply is_lim_seq_scal_l. apply limit_inside. lra.
Qed.
(* L05: E ghat = grad h_M (p), h_M' = w_M, h_M -> 2 arcsin sqrt t *)
Theorem expected_update_is_a_gradient {A D : Type} (acts : list A) (dims : list D) pol (r : A -> R) (theta : D -> R) g n :
  differentiable_policy acts dims pol theta g -> (forall a, List.In a acts -> r a = 0 \/ r a = 1) -> 0 < objective acts pol r theta < 1 ->
  is_gradient dims (fun th => update_potential n (objective acts pol r th)) theta (fun k => group_expect acts pol theta (S (S n)) (whitened r g (INR (S (S n))) k))
  /\ (forall t, is_derive (update_potential n) t (w t n))
  /\ (forall t, 0 <= t <= 1 -> is_lim_seq (fun m => update_potential m t) (2 * asin (sqrt t))).
Proof.
  intros Hpol Hr HP. split; [| split; [apply update_potential_derive | apply update_potential_limit]].
  intros u. assert (Hv := policy_gradient acts dims pol theta g Hpol r). set (v := fun k => sum_over (fun a => pol theta a * (g a k * r a)) acts) in *.
  assert (W := whitened_mean acts dims pol r theta g Hpol v Hv Hr HP n). cbv zeta in W.
  eapply derive_value; [| apply (is_derive_comp (update_potential n) (fun t => objective acts pol r (move theta u t))); [apply update_potential_derive | apply Hv]].
  real_equation. transitivity (w (objective acts pol r theta) n * dot dims v u).
  - unfold scal; simpl; unfold mult; simpl. rewrite move_0. ring.
  - unfold dot. rewrite <- sum_scal. apply sum_ext. intros k Hk. cbv beta. destruct (W k Hk) as [Wk _]. rewrite Wk. change (expect acts pol theta r) with (objective acts pol r theta). ring.
Qed.
