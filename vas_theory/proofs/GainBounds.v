(* B09 (closed form of the gain), B29, B30, B32: the group gain w_G and the push p (1 - p) w_G, for every group size G = n + 2.
   w p n is w_G(p); deviation G k is the population deviation of G binary rewards of which k are 1. *)
Require Import Reals Lra Psatz Lia.
From Coquelicot Require Import Coquelicot.
From Vas Require Import GroupGain GainShape BinomialMeans Calculus.
Open Scope R_scope.

Definition deviation G k := sqrt (INR k / INR G * (1 - INR k / INR G)).
Definition mean_deviation G p := EB p G (deviation G). (* E sigma_hat, k binomial (G, p) *)

(* B09: w_G = E sigma_hat / (p (1 - p)) = E[(G - 1) / sqrt ((J + 1) (G - 1 - J))], J binomial (G - 2, p) *)
Theorem mean_deviation_is_push n p : mean_deviation (S (S n)) p = p * (1 - p) * w p n.
Proof.
  set (G := S (S n)). assert (HG : 0 < INR G) by (apply lt_0_INR; unfold G; lia).
  unfold mean_deviation. rewrite (EB_ext p G _ (fun k => INR k * (INR G - INR k) * (/ INR G * / sqrt (INR k * (INR G - INR k))))).
  - unfold G. rewrite EB_both. unfold w. rewrite (EB_ext p n (fun j => (INR n + 1) / sqrt ((INR j + 1) * (INR n + 1 - INR j)))
      (fun j => INR (S (S n)) * INR (S n) * (/ INR (S (S n)) * / sqrt (INR (S j) * (INR (S (S n)) - INR (S j)))))); [rewrite (EB_scal p n (INR (S (S n)) * INR (S n))); ring |].
    intros j Hj. apply le_INR in Hj. unfold G in HG. rewrite !S_INR in *. assert (H0 := pos_INR j).
    replace (INR n + 1 + 1 - (INR j + 1)) with (INR n + 1 - INR j) by ring. field.
    split; [apply Rgt_not_eq, sqrt_lt_R0, Rmult_lt_0_compat; lra | lra].
  - intros k Hk. apply le_INR in Hk. assert (H0 := pos_INR k). unfold deviation.
    replace (INR k / INR G * (1 - INR k / INR G)) with (INR k * (INR G - INR k) * (/ INR G)^2) by (field; lra).
    set (x := INR k * (INR G - INR k)). assert (Hx : 0 <= x) by (apply Rmult_le_pos; lra).
    rewrite sqrt_mult by (assumption || apply pow2_ge_0). rewrite sqrt_pow2 by (left; apply Rinv_0_lt_compat; assumption).
    destruct (Req_dec x 0) as [-> | nx]; [rewrite sqrt_0; ring |].
    assert (0 < sqrt x) by (apply sqrt_lt_R0; lra). rewrite <- (sqrt_sqrt x) at 2 by assumption. field. lra.
Qed.
Theorem group_gain_binomial_sum n p : w p n = binomial_mean p n (fun j => (INR n + 1) / sqrt ((INR j + 1) * (INR n + 1 - INR j))).
Proof. apply EB_is_binomial_mean. Qed.
Theorem mean_deviation_binomial_sum G p : mean_deviation G p = binomial_mean p G (deviation G).
Proof. apply EB_is_binomial_mean. Qed.
(* B31 with G and the binomial sum written out *)
Theorem group_gain_at_least p n : 0 <= p <= 1 -> let G := INR n + 2 in
  (G - 1) / sqrt ((G - 2) * (G - 3) * (p * (1 - p)) + (G - 1)) <= binomial_mean p n (fun j => (G - 1) / sqrt ((INR j + 1) * (G - 1 - INR j))).
Proof.
  intros Hp G. eapply Rle_trans; [exact (group_gain_lower_bracket p Hp n) |]. right. rewrite group_gain_binomial_sum.
  unfold binomial_mean. apply sum_eq. intros j _. unfold G. f_equal. f_equal; [ring |]. f_equal. f_equal. ring.
Qed.

(* ---- B29 ---- *)
Definition gain_slope n t := match n with O => 0 | S m => INR n * EB t m (Delta (c n)) end.
Lemma gain_derive n t : is_derive (fun t => w t n) t (gain_slope n t).
Proof. exact (EB_derive n (c n) t). Qed.
Lemma EB_nondecreasing m f x y : (forall j, (S j <= m)%nat -> 0 <= Delta f j) -> 0 <= x -> x <= y -> y <= 1 -> EB x m f <= EB y m f.
Proof.
  intros Hf H0 H1 H2. destruct m as [|m]; [cbn; lra |].
  apply (nondecreasing (fun t => EB t (S m) f) (fun t => INR (S m) * EB t m (Delta f))); [assumption | |].
  - intros t _. apply (EB_derive (S m)).
  - intros t Ht. apply Rmult_le_pos; [apply pos_INR |]. rewrite <- (EB_const t m 0). apply EB_le; [lra |]. intros j Hj. apply Hf. lia.
Qed.
Lemma gain_slope_nondecreasing n x y : 0 <= x -> x <= y -> y <= 1 -> gain_slope n x <= gain_slope n y.
Proof.
  intros H0 H1 H2. destruct n as [|n]; [cbn; lra |]. unfold gain_slope. apply Rmult_le_compat_l; [apply pos_INR |].
  apply EB_nondecreasing; try assumption. intros j Hj. apply c_convex. lia.
Qed.
Theorem group_gain_symmetric n p : w p n = w (1 - p) n.
Proof.
  unfold w. rewrite EB_reflect. apply EB_ext. intros j Hj. rewrite minus_INR by assumption. f_equal. f_equal. ring.
Qed.
Theorem group_gain_least_at_half n p : 0 <= p <= 1 -> w (1 / 2) n <= w p n.
Proof.
  intros Hp. apply (symmetric_minimum (fun t => w t n) (gain_slope n)); [apply gain_derive | apply gain_slope_nondecreasing | apply group_gain_symmetric | assumption].
Qed.
Lemma c_first n : c n 0 = sqrt (INR n + 1).
Proof.
  unfold c. assert (H := pos_INR n). replace ((INR 0 + 1) * (INR n + 1 - INR 0)) with (INR n + 1) by (simpl; ring).
  assert (0 < sqrt (INR n + 1)) by (apply sqrt_lt_R0; lra). rewrite <- (sqrt_sqrt (INR n + 1)) at 1 by lra. field. lra.
Qed.
Theorem group_gain_at_ends n : w 0 n = sqrt (INR n + 2 - 1) /\ w 1 n = sqrt (INR n + 2 - 1).
Proof.
  replace (INR n + 2 - 1) with (INR n + 1) by ring. rewrite (group_gain_symmetric n 1). replace (1 - 1) with 0 by ring.
  unfold w. rewrite EB_at_0. split; exact (c_first n).
Qed.
(* constant exactly for G = n + 2 in {2, 3} *)
Theorem group_gain_constant_iff n : (forall p, 0 <= p <= 1 -> w p n = w 0 n) <-> (n + 2 = 2 \/ n + 2 = 3)%nat.
Proof.
  split.
  - intros H. destruct n as [|[|n]]; [left; reflexivity | right; reflexivity | exfalso]. set (N := S (S n)) in *.
    assert (D : is_derive (fun t => w t N) 0 (gain_slope N 0)) by apply gain_derive.
    assert (Z : gain_slope N 0 < 0).
    { unfold gain_slope, N. rewrite EB_at_0. fold N. unfold Delta. rewrite c_first. assert (HN : 2 <= INR N) by (change 2 with (INR 2); apply le_INR; unfold N; lia).
      assert (c N 1 < sqrt (INR N + 1)).
      { unfold c. replace ((INR 1 + 1) * (INR N + 1 - INR 1)) with (2 * INR N) by (simpl; ring).
        assert (A : 0 < sqrt (2 * INR N)) by (apply sqrt_lt_R0; lra). assert (B : 0 < sqrt (INR N + 1)) by (apply sqrt_lt_R0; lra).
        apply Rmult_lt_reg_r with (sqrt (2 * INR N)); [assumption |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
        rewrite <- (sqrt_sqrt (INR N + 1)) at 1 by lra. apply Rmult_lt_compat_l; [assumption |]. apply sqrt_lt_1; lra. }
      assert (0 < INR N) by lra. nra. }
    destruct (mean_value (fun t => w t N) (gain_slope N) 0 1 ltac:(lra) (fun t _ => gain_derive N t)) as [x [Hx E]].
    (* the slope at 0 is negative, the derivative of a constant on [0, 1] would be 0 *)
    apply is_derive_Reals in D. destruct (D (- gain_slope N 0) ltac:(lra)) as [d Hd].
    set (h := Rmin (d / 2) 1). assert (Hh : 0 < h <= 1) by (unfold h, Rmin; destruct d as [d Pd]; simpl; destruct (Rle_dec (d/2) 1); lra).
    specialize (Hd h ltac:(lra)). rewrite Rplus_0_l, (H h) in Hd by lra.
    replace ((w 0 N - w 0 N) / h - gain_slope N 0) with (- gain_slope N 0) in Hd by (field; lra).
    rewrite (Rabs_pos_eq h) in Hd by lra. rewrite Rabs_pos_eq in Hd by lra.
    assert (h < d) by (unfold h, Rmin; destruct d as [d Pd]; simpl; destruct (Rle_dec (d/2) 1); lra). specialize (Hd H0). lra.
  - intros [E | E] p Hp.
    + replace n with O by lia. reflexivity.
    + replace n with 1%nat by lia. unfold w. cbn [EB]. simpl INR. replace ((1 + 1) * (1 + 1 - 1)) with ((0 + 1) * (1 + 1 - 0)) by ring. ring.
Qed.

(* ---- B30 ---- *)
(* strict concavity of sqrt (x (1 - x)) at two shares a/n, b/n of weights u + v = 1, cleared of denominators by homogeneity *)
Lemma root_concave a b x y : 0 <= a -> 0 <= b -> 0 <= x -> 0 <= y -> a * y <> x * b -> sqrt (a * b) + sqrt (x * y) < sqrt ((a + x) * (b + y)).
Proof.
  intros Ha Hb Hx Hy Hne. set (s := sqrt (a * b)). set (t := sqrt (x * y)).
  assert (Ss : s * s = a * b) by (apply sqrt_sqrt, Rmult_le_pos; assumption). assert (St : t * t = x * y) by (apply sqrt_sqrt, Rmult_le_pos; assumption).
  assert (0 <= s) by apply sqrt_pos. assert (0 <= t) by apply sqrt_pos.
  assert (T : 2 * (s * t) < a * y + x * b).
  { assert (P1 : 0 <= a * y) by (apply Rmult_le_pos; assumption). assert (P2 : 0 <= x * b) by (apply Rmult_le_pos; assumption).
    assert (0 <= s * t) by (apply Rmult_le_pos; assumption).
    assert (E : (s * t) * (s * t) = (a * y) * (x * b)) by (replace ((s * t) * (s * t)) with ((s * s) * (t * t)) by ring; rewrite Ss, St; ring).
    assert (0 < (a * y - x * b)^2) by (apply pow2_gt_0; lra).
    destruct (Rlt_le_dec (2 * (s * t)) (a * y + x * b)); [assumption | exfalso].
    assert ((a * y + x * b) * (a * y + x * b) <= (2 * (s * t)) * (2 * (s * t))) by (apply Rmult_le_compat; lra). lra. }
  replace (s + t) with (sqrt ((s + t) * (s + t))) by (apply sqrt_square; lra). apply sqrt_lt_1_alt.
  split; [apply Rmult_le_pos; lra |]. replace ((s + t) * (s + t)) with (s * s + t * t + 2 * (s * t)) by ring. rewrite Ss, St. lra.
Qed.
Lemma scaled_root u k n : 0 <= u -> 0 < n -> 0 <= k <= n -> u * sqrt (k / n * (1 - k / n)) = sqrt (u * (k / n) * (u * (1 - k / n))).
Proof.
  intros Hu Hn Hk. replace (u * (k / n) * (u * (1 - k / n))) with (u ^ 2 * (k / n * (1 - k / n))) by ring.
  rewrite (sqrt_mult (u ^ 2)); [rewrite sqrt_pow2 by assumption; reflexivity | apply pow2_ge_0 |].
  replace (k / n * (1 - k / n)) with (k * (n - k) * (/ n) ^ 2) by (field; lra). apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply pow2_ge_0].
Qed.
Lemma deviation_concave G j : (S (S j) <= G)%nat -> Delta (Delta (deviation G)) j < 0.
Proof.
  intros Hj. assert (HG : 0 < INR G) by (apply lt_0_INR; lia). apply le_INR in Hj. rewrite !S_INR in Hj. assert (H0 := pos_INR j).
  unfold Delta, deviation. rewrite !S_INR. set (k := INR j) in *. set (n := INR G) in *. clearbody k n.
  assert (Hi : 0 < / n) by (apply Rinv_0_lt_compat; assumption).
  assert (L := root_concave (/2 * (k / n)) (/2 * (1 - k / n)) (/2 * ((k + 1 + 1) / n)) (/2 * (1 - (k + 1 + 1) / n))).
  rewrite <- !scaled_root in L by lra.
  replace (/2 * (k / n) + /2 * ((k + 1 + 1) / n)) with ((k + 1) / n) in L by (field; lra).
  replace (/2 * (1 - k / n) + /2 * (1 - (k + 1 + 1) / n)) with (1 - (k + 1) / n) in L by (field; lra).
  assert (A : 0 <= k / n) by (apply Rmult_le_pos; lra). assert (B : 0 <= (k + 1 + 1) / n) by (apply Rmult_le_pos; lra).
  assert (X : (k + 1 + 1) / n <= 1) by (apply Rmult_le_reg_r with n; [assumption | unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra]).
  assert (Y : k / n < (k + 1 + 1) / n) by (apply Rmult_lt_compat_r; lra).
  specialize (L ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lra)). lra.
Qed.
Definition push n p := p * (1 - p) * w p n. (* p (1 - p) w_G, G = n + 2 *)
(* p (1 - p) w_G is the Bernstein polynomial of degree G of sqrt (x (1 - x)) *)
Theorem push_is_bernstein n p : push n p = binomial_mean p (S (S n)) (fun k => sqrt (INR k / INR (S (S n)) * (1 - INR k / INR (S (S n))))).
Proof. unfold push. rewrite <- mean_deviation_is_push. apply EB_is_binomial_mean. Qed.
Definition push_slope n t := INR (S (S n)) * EB t (S n) (Delta (deviation (S (S n)))).
Definition push_curve n t := INR (S (S n)) * (INR (S n) * EB t n (Delta (Delta (deviation (S (S n)))))).
Lemma push_derive n t : is_derive (push n) t (push_slope n t).
Proof. apply (is_derive_ext (fun t => EB t (S (S n)) (deviation (S (S n))))); [intros; apply mean_deviation_is_push | apply (EB_derive (S (S n)))]. Qed.
Lemma push_slope_derive n t : is_derive (push_slope n) t (push_curve n t).
Proof. apply (is_derive_scal (fun t => EB t (S n) (Delta (deviation (S (S n)))))). apply (EB_derive (S n)). Qed.
Lemma EB_negative t n f : 0 <= t <= 1 -> (forall j, (j <= n)%nat -> f j < 0) -> EB t n f < 0.
Proof.
  intros Ht. revert f. induction n; intros f H; [apply H; lia |]. rewrite EB_pred.
  assert (A : EB t n f < 0) by (apply IHn; intros; apply H; lia). assert (B : EB t n (fun j => f (S j)) < 0) by (apply IHn; intros; apply H; lia). nra.
Qed.
Theorem push_concave n t : 0 <= t <= 1 -> push_curve n t < 0.
Proof.
  intros Ht. unfold push_curve. assert (0 < INR (S (S n))) by (apply lt_0_INR; lia). assert (0 < INR (S n)) by (apply lt_0_INR; lia).
  assert (EB t n (Delta (Delta (deviation (S (S n))))) < 0) by (apply EB_negative; [assumption | intros; apply deviation_concave; lia]).
  assert (0 < INR (S (S n)) * INR (S n)) by (apply Rmult_lt_0_compat; assumption). nra.
Qed.
Theorem push_symmetric n p : push n p = push n (1 - p).
Proof. unfold push. rewrite <- group_gain_symmetric. ring. Qed.
Theorem push_increases_with_variance n p s : 0 <= p <= 1 -> 0 <= s <= 1 -> p * (1 - p) < s * (1 - s) -> push n p < push n s.
Proof.
  apply (symmetric_increasing (push n) (push_slope n)); [apply push_derive | | apply push_symmetric].
  intros x y H0 H1 H2. assert (A := increasing (fun t => - push_slope n t) (fun t => - push_curve n t) x y H1).
  assert (- push_slope n x < - push_slope n y); [| lra]. apply A.
  - intros t _. apply derive_sign_flip. apply push_slope_derive.
  - intros t Ht. assert (X := push_concave n t ltac:(lra)). lra.
Qed.
Theorem group_gain_grows n p : 0 < p < 1 -> w p n < w p (S n). (* w_G < w_(G+1) *)
Proof.
  intros Hp. assert (Q : 0 < p * (1 - p)) by (apply Rmult_lt_0_compat; lra).
  apply Rmult_lt_reg_l with (p * (1 - p)); [assumption |]. rewrite <- !mean_deviation_is_push. unfold mean_deviation.
  set (G := S (S n)). rewrite (EB_raise p G). change (S (S (S n))) with (S G).
  assert (HG : 0 < INR G) by (apply lt_0_INR; unfold G; lia).
  (* the coefficient at k: the average of the deviations at (k-1)/G and k/G, whose shares average to k/(G+1) *)
  assert (Main : forall k, (1 <= k <= G)%nat -> (INR k * deviation G (pred k) + (INR (S G) - INR k) * deviation G k) / INR (S G) < deviation (S G) k).
  { intros k Hk. assert (H1 : 1 <= INR k) by (change 1 with (INR 1); apply le_INR; lia). assert (H2 : INR k <= INR G) by (apply le_INR; lia).
    assert (Hpr : INR (pred k) = INR k - 1) by (destruct k; [lia | rewrite S_INR; simpl pred; ring]).
    unfold deviation. rewrite Hpr, S_INR. set (x := INR k) in *. set (g := INR G) in *. clearbody x g.
    set (u := x / (g + 1)). set (v := (g + 1 - x) / (g + 1)).
    assert (Hi : 0 < / (g + 1)) by (apply Rinv_0_lt_compat; lra).
    assert (Hu : 0 < u) by (apply Rmult_lt_0_compat; lra). assert (Hv : 0 < v) by (apply Rmult_lt_0_compat; lra).
    replace ((x * sqrt ((x - 1) / g * (1 - (x - 1) / g)) + (g + 1 - x) * sqrt (x / g * (1 - x / g))) / (g + 1))
      with (u * sqrt ((x - 1) / g * (1 - (x - 1) / g)) + v * sqrt (x / g * (1 - x / g))) by (unfold u, v; field; lra).
    rewrite !scaled_root by lra.
    assert (A : 0 <= (x - 1) / g) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; lra]).
    assert (B : x / g <= 1) by (apply Rmult_le_reg_r with g; [assumption | unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra]).
    assert (AB : (x - 1) / g < x / g) by (apply Rmult_lt_compat_r; [apply Rinv_0_lt_compat; lra | lra]).
    eapply Rlt_le_trans; [apply root_concave; try (apply Rmult_le_pos; lra) |].
    - intro e. assert (u * v * ((x - 1) / g - x / g) = 0) by (ring_simplify; ring_simplify in e; lra).
      assert (0 < u * v * (x / g - (x - 1) / g)) by (apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat; assumption | lra]). lra.
    - right. f_equal. unfold u, v. field. lra. }
  apply EB_lt; [assumption | |].
  - intros k Hk. destruct (Nat.eq_dec k 0) as [-> | n0].
    + right. unfold deviation. assert (0 < INR (S G)) by (apply lt_0_INR; lia). cbn [pred].
      replace (INR 0 / INR G * (1 - INR 0 / INR G)) with 0 by (change (INR 0) with 0; field; lra).
      replace (INR 0 / INR (S G) * (1 - INR 0 / INR (S G))) with 0 by (change (INR 0) with 0; field; lra). rewrite sqrt_0. field. lra.
    + destruct (Nat.eq_dec k (S G)) as [-> | n1]; [| left; apply Main; lia].
      right. unfold deviation. simpl pred. assert (0 < INR (S G)) by (apply lt_0_INR; lia).
      replace (INR (S G) / INR (S G) * (1 - INR (S G) / INR (S G))) with 0 by (field; lra).
      replace (INR G / INR G * (1 - INR G / INR G)) with 0 by (field; lra). rewrite sqrt_0. field. lra.
  - exists 1%nat. split; [unfold G; lia | apply Main; unfold G; lia].
Qed.

(* ---- B32 ---- *)
Lemma mean_square_deviation n p : EB p (S (S n)) (fun k => deviation (S (S n)) k ^2) = (1 - / INR (S (S n))) * (p * (1 - p)).
Proof.
  set (G := S (S n)). assert (HG : 0 < INR G) by (apply lt_0_INR; unfold G; lia).
  rewrite (EB_ext p G _ (fun k => 0 + / INR G * INR k + (- (/ INR G)^2) * INR k ^2)).
  - rewrite EB_quadratic. field. lra.
  - intros k Hk. apply le_INR in Hk. assert (H0 := pos_INR k). unfold deviation. rewrite pow2_sqrt; [field; lra |].
    replace (INR k / INR G * (1 - INR k / INR G)) with (INR k * (INR G - INR k) * (/ INR G)^2) by (field; lra).
    apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply pow2_ge_0].
Qed.
Theorem group_gain_upper_bracket n p : 0 < p < 1 -> let G := INR n + 2 in w p n <= sqrt ((G - 1) / (G * (p * (1 - p)))).
Proof.
  intros Hp G. assert (Q : 0 < p * (1 - p)) by (apply Rmult_lt_0_compat; lra). assert (Hn := pos_INR n).
  assert (W : 0 <= w p n) by (rewrite <- (EB_const p n 0); apply EB_le; [lra |]; intros j Hj; apply le_INR in Hj; assert (Hj0 := pos_INR j); apply Rmult_le_pos; [lra |]; left; apply Rinv_0_lt_compat, sqrt_lt_R0, Rmult_lt_0_compat; lra).
  apply Rsqr_incr_0_var; [| apply sqrt_pos]. rewrite Rsqr_sqrt.
  - assert (J := EB_jensen p (S (S n)) (deviation (S (S n))) ltac:(lra)). rewrite mean_square_deviation in J.
    change (EB p (S (S n)) (deviation (S (S n)))) with (mean_deviation (S (S n)) p) in J. rewrite mean_deviation_is_push in J.
    rewrite !S_INR in J. replace (INR n + 1 + 1) with G in J by (unfold G; ring). assert (0 < G) by (unfold G; lra).
    apply Rmult_le_reg_l with ((p * (1 - p))^2); [apply pow_lt; assumption |]. unfold Rsqr.
    replace ((p * (1 - p))^2 * (w p n * w p n)) with ((p * (1 - p) * w p n)^2) by ring.
    replace ((p * (1 - p))^2 * ((G - 1) / (G * (p * (1 - p))))) with ((1 - / G) * (p * (1 - p))) by (field; lra). exact J.
  - apply Rmult_le_pos; [unfold G; lra |]. left. apply Rinv_0_lt_compat, Rmult_lt_0_compat; [unfold G; lra | assumption].
Qed.
Lemma inverse_size_limit : is_lim_seq (fun n => / (INR n + 2)) 0.
Proof.
  apply (is_lim_seq_ext (fun n => / INR (n + 2))); [intros; rewrite plus_INR; reflexivity |].
  apply (is_lim_seq_incr_n (fun n => / INR n) 2). replace (Finite 0) with (Rbar_inv p_infty) by reflexivity.
  apply is_lim_seq_inv; [apply is_lim_seq_INR | discriminate].
Qed.
Theorem group_gain_limit p : 0 < p < 1 -> is_lim_seq (fun n => w p n * sqrt (p * (1 - p))) 1.
Proof.
  intros Hp. assert (Q : 0 < p * (1 - p)) by (apply Rmult_lt_0_compat; lra). set (q := p * (1 - p)) in *.
  assert (Sq := sqrt_lt_R0 q Q).
  set (lo := fun x => sqrt ((1 - x)^2 * q / ((1 - 2 * x) * (1 - 3 * x) * q + x * (1 - x)))). set (hi := fun x => sqrt (1 - x)).
  apply is_lim_seq_le_le with (u := fun n => lo (/ (INR n + 2))) (w := fun n => hi (/ (INR n + 2))).
  - intros n. assert (Hn := pos_INR n). split.
    + assert (L := group_gain_lower_bracket p ltac:(lra) n). cbv zeta in L. fold q in L. set (G := INR n + 2) in *.
      assert (HG : 2 <= G) by (unfold G; lra).
      assert (D : 0 < (G - 2) * (G - 3) * q + (G - 1)).
      { unfold G. replace (INR n + 2 - 2) with (INR n) by ring. replace (INR n + 2 - 3) with (INR n - 1) by ring.
        destruct n as [|n]; [simpl; lra |]. rewrite S_INR in *. assert (H0 := pos_INR n). assert (0 <= (INR n + 1) * (INR n + 1 - 1) * q) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra]). lra. }
      apply Rle_trans with ((G - 1) / sqrt ((G - 2) * (G - 3) * q + (G - 1)) * sqrt q); [| apply Rmult_le_compat_r; lra].
      right. unfold lo. replace ((1 - / G)^2 * q / ((1 - 2 * / G) * (1 - 3 * / G) * q + / G * (1 - / G))) with ((G - 1)^2 * (q * / ((G - 2) * (G - 3) * q + (G - 1)))).
      * rewrite sqrt_mult, sqrt_pow2 by (lra || apply pow2_ge_0 || (left; apply Rmult_lt_0_compat; [assumption | apply Rinv_0_lt_compat; assumption])).
        rewrite sqrt_mult by (lra || (left; apply Rinv_0_lt_compat; assumption)). rewrite sqrt_inv by assumption. unfold Rdiv. ring.
      * field. split; lra.
    + assert (U := group_gain_upper_bracket n p Hp). cbv zeta in U. fold q in U. set (G := INR n + 2) in *. assert (HG : 2 <= G) by (unfold G; lra).
      apply Rle_trans with (sqrt ((G - 1) / (G * q)) * sqrt q); [apply Rmult_le_compat_r; lra |]. right.
      rewrite <- sqrt_mult by (lra || (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra])).
      unfold hi. f_equal. field. lra.
  - replace (Finite 1) with (Finite (lo 0)).
    + apply (is_lim_seq_continuous lo); [| apply inverse_size_limit]. apply derivable_continuous_pt. exists (Derive lo 0). apply is_derive_Reals, Derive_correct.
      unfold lo. auto_derive. repeat split; try lra. replace ((1 + - 0) * ((1 + - 0) * 1) * q * / ((1 + - (2 * 0)) * (1 + - (3 * 0)) * q + 0 * (1 + - 0))) with 1 by (field; lra). lra.
    + f_equal. unfold lo. replace ((1 - 0)^2 * q / ((1 - 2 * 0) * (1 - 3 * 0) * q + 0 * (1 - 0))) with 1 by (field; lra). apply sqrt_1.
  - replace (Finite 1) with (Finite (hi 0)).
    + apply (is_lim_seq_continuous hi); [| apply inverse_size_limit]. apply derivable_continuous_pt. exists (Derive hi 0). apply is_derive_Reals, Derive_correct.
      unfold hi. auto_derive. lra.
    + f_equal. unfold hi. rewrite Rminus_0_r. apply sqrt_1.
Qed.

(* ---- the claims as the ledger states them; G = n + 2 ---- *)
(* B29 *)
Theorem group_gain_shape n p : 0 <= p <= 1 ->
  (exists w' w'' : R -> R, (forall t, is_derive (fun t => w t n) t (w' t)) /\ (forall t, is_derive w' t (w'' t)) /\ 0 <= w'' p)
  /\ w p n = w (1 - p) n /\ w (1 / 2) n <= w p n
  /\ w 0 n = sqrt (INR n + 2 - 1) /\ w 1 n = sqrt (INR n + 2 - 1)
  /\ ((forall s, 0 <= s <= 1 -> w s n = w 0 n) <-> (n + 2 = 2 \/ n + 2 = 3)%nat).
Proof.
  intros Hp. split; [apply group_gain_convex; assumption |]. split; [apply group_gain_symmetric |]. split; [apply group_gain_least_at_half; assumption |].
  split; [apply group_gain_at_ends |]. split; [apply group_gain_at_ends | apply group_gain_constant_iff].
Qed.
(* B30 *)
Theorem group_gain_growth n :
  (forall p, 0 < p < 1 -> w p n < w p (S n))
  /\ (forall p, p * (1 - p) * w p n = binomial_mean p (S (S n)) (fun k => sqrt (INR k / INR (S (S n)) * (1 - INR k / INR (S (S n))))))
  /\ (exists h' h'' : R -> R, (forall t, is_derive (fun p => p * (1 - p) * w p n) t (h' t)) /\ (forall t, is_derive h' t (h'' t)) /\ forall t, 0 <= t <= 1 -> h'' t < 0)
  /\ (forall p, p * (1 - p) * w p n = (1 - p) * (1 - (1 - p)) * w (1 - p) n)
  /\ (forall p s, 0 <= p <= 1 -> 0 <= s <= 1 -> p * (1 - p) < s * (1 - s) -> p * (1 - p) * w p n < s * (1 - s) * w s n).
Proof.
  split; [apply group_gain_grows |]. split; [apply push_is_bernstein |]. split.
  - exists (push_slope n), (push_curve n). split; [apply push_derive | split; [apply push_slope_derive | apply push_concave]].
  - split; [apply push_symmetric | apply push_increases_with_variance].
Qed.
(* B32 *)
Theorem group_gain_arcsine_limit p : 0 < p < 1 ->
  (forall n, let G := INR n + 2 in w p n <= sqrt ((G - 1) / (G * (p * (1 - p)))))
  /\ is_lim_seq (fun n => w p n * sqrt (p * (1 - p))) 1.
Proof. intros Hp. split; [intros n; apply group_gain_upper_bracket; assumption | apply group_gain_limit; assumption]. Qed.
