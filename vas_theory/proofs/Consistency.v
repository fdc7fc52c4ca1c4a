(* A21: the corrected OVS and the pairwise TDS are unbiased and converge almost surely, for rollouts of any finite policy.
   A rollout a has a chance q a, an outcome r a in {0, 1} and a distance dist a b to another; a group is a list w of rollouts. *)
Require Import Reals ZArith Lra Psatz Lia List Classical.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Calculus Pools GroupGain GainShape BinomialMeans GroupDraws.
Import ListNotations.
Open Scope R_scope.

(* sum of a kernel over the ordered pairs i <> j of a group *)
Fixpoint pairs {A} (k : A -> A -> R) (w : list A) : R := match w with [] => 0 | a :: t => sum_over (fun b => k a b + k b a) t + pairs k t end.
Lemma pairs_insert {A} (k : A -> A -> R) pre a w : pairs k (pre ++ a :: w) = sum_over (fun b => k a b + k b a) (pre ++ w) + pairs k (pre ++ w).
Proof.
  induction pre as [|c pre IH]; [reflexivity |]. cbn [app pairs sum_over]. rewrite IH.
  assert (E : forall f : A -> R, sum_over f (pre ++ a :: w) = f a + sum_over f (pre ++ w)).
  { intros f. clear. induction pre as [|c pre IH]; [reflexivity |]. cbn [app sum_over]. rewrite IH. ring. }
  rewrite E. ring.
Qed.
Lemma pairs_linear {A} (k h : A -> A -> R) c e w : pairs (fun a b => c * k a b + e * h a b) w = c * pairs k w + e * pairs h w.
Proof.
  induction w as [|a w IH]; [cbn; ring |]. cbn [pairs]. rewrite IH.
  rewrite (sum_comb [(c, fun b => k a b + k b a); (e, fun b => h a b + h b a)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring].
Qed.
(* e^x <= x + e^(x^2) *)
Lemma exp_le_quadratic x : -1 <= x <= 1 -> exp x <= 1 + x + x ^2.
Proof.
  intros Hx. assert (D : forall t, is_derive (fun t => (1 + t + t ^2) * exp (- t)) t (t * (1 - t) * exp (- t))) by (intros t; auto_derive; [trivial | ring]).
  assert (M : 1 <= (1 + x + x ^2) * exp (- x)).
  { replace 1 with ((1 + 0 + 0 ^2) * exp (- 0)) at 1 by (rewrite Ropp_0, exp_0; ring). destruct (Rle_lt_dec 0 x) as [P | N].
    - apply (nondecreasing (fun t => (1 + t + t ^2) * exp (- t)) (fun t => t * (1 - t) * exp (- t))); [assumption | intros; apply D |].
      intros t Ht. apply Rmult_le_pos; [apply Rmult_le_pos; lra | left; apply exp_pos].
    - assert (B := nondecreasing (fun t => - ((1 + t + t ^2) * exp (- t))) (fun t => - (t * (1 - t) * exp (- t))) x 0 ltac:(lra)).
      cbv beta in B. apply Ropp_le_cancel, B; [intros t _; apply (derive_sign_flip (fun t => (1 + t + t ^2) * exp (- t)) (fun t => t * (1 - t) * exp (- t))); apply D |].
      intros t Ht. assert (E := exp_pos (- t)). replace (- (t * (1 - t) * exp (- t))) with ((- t) * (1 - t) * exp (- t)) by ring. apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra]. }
  rewrite exp_Ropp in M. assert (E := exp_pos x). apply Rmult_le_reg_r with (/ exp x); [apply Rinv_0_lt_compat; assumption |]. rewrite Rinv_r by lra. exact M.
Qed.
Lemma exp_le_shifted x : exp x <= x + exp (x ^2).
Proof.
  destruct (Rle_lt_dec x (-1)) as [N | N].
  - assert (exp x <= 1) by (rewrite <- exp_0; destruct (Req_dec x 0); [lra | left; apply exp_increasing; lra]). assert (H1 := exp_ineq1_le (x ^2)). nra.
  - destruct (Rle_lt_dec x 1) as [P | P].
    + assert (H := exp_le_quadratic x ltac:(lra)). assert (H1 := exp_ineq1_le (x ^2)). lra.
    + assert (exp x <= exp (x ^2)); [| lra]. left. apply exp_increasing. nra.
Qed.

Section Rollouts.
Context {A : Type} (l : list A) (q : A -> R).
Hypothesis Hp : forall a, In a l -> 0 <= q a.
Hypothesis H1 : sum_over q l = 1.
Notation EK := (Pools.EK l q).
Definition pair_expect (k : A -> A -> R) := sum_over (fun a => q a * sum_over (fun b => q b * k a b) l) l. (* E k (Z, Z'), Z and Z' independent *)
Lemma pair_expect_flip k : pair_expect (fun a b => k b a) = pair_expect k.
Proof.
  unfold pair_expect. rewrite (sum_ext _ (fun a => sum_over (fun b => q a * (q b * k b a)) l)) by (intros; symmetry; apply sum_scal). rewrite sum_swap. apply sum_ext. intros b _.
  rewrite <- sum_scal. apply sum_ext. intros; ring.
Qed.
Lemma mean_pairs k K : EK K (pairs k) = INR K * (INR K - 1) * pair_expect k.
Proof.
  induction K; cbn [Pools.EK]; [cbn; ring |].
  rewrite (sum_ext _ (fun a => q a * (INR K * sum_over (fun b => q b * (k a b + k b a)) l + INR K * (INR K - 1) * pair_expect k))).
  - rewrite (sum_comb [(INR K, fun a => q a * sum_over (fun b => q b * k a b) l); (INR K, fun a => q a * sum_over (fun b => q b * k b a) l); (INR K * (INR K - 1) * pair_expect k, q)]).
    + cbn [comb_sum]. rewrite H1, S_INR. fold (pair_expect k) (pair_expect (fun a b => k b a)). rewrite pair_expect_flip. ring.
    + intros a _. cbn [comb]. rewrite (sum_comb [(1, fun b => q b * k a b); (1, fun b => q b * k b a)] (fun b => q b * (k a b + k b a))); [cbn [comb_sum]; ring | intros; cbn [comb]; ring].
  - intros a _. f_equal. rewrite (EK_linear l q K [(1, sum_over (fun b => k a b + k b a)); (1, pairs k)]).
    + cbn [comb_EK]. rewrite (draws_1 l q H1), IHK. ring.
    + intros w. cbn [comb pairs]. ring.
Qed.

(* ---- concentration: McDiarmid's inequality, one draw at a time ---- *)
Fixpoint bounded_differences (K : nat) (c : R) (f : list A -> R) : Prop := match K with O => True | S k =>
  (forall a b w, In a l -> In b l -> length w = k -> (forall z, In z w -> In z l) -> Rabs (f (a :: w) - f (b :: w)) <= c)
  /\ (forall a, In a l -> bounded_differences k c (fun w => f (a :: w))) end.
Lemma EK_le K : forall f h, (forall w, length w = K -> (forall z, In z w -> In z l) -> f w <= h w) -> EK K f <= EK K h.
Proof.
  induction K; cbn [Pools.EK]; intros f h H; [apply H; [reflexivity | intros z []] |]. apply sum_le. intros a Ha. apply Rmult_le_compat_l; [auto |]. apply IHK.
  intros w Hw Hin. apply H; [cbn; congruence |]. intros z [-> | Hz]; auto.
Qed.
Lemma EK_scal K c f : EK K (fun w => c * f w) = c * EK K f.
Proof. rewrite (EK_linear l q K [(c, f)]); [cbn [comb_EK]; ring | intros; cbn [comb]; ring]. Qed.
Lemma one_draw (g : A -> R) c lam : (forall a b, In a l -> In b l -> Rabs (g a - g b) <= c) ->
  sum_over (fun a => q a * exp (lam * (g a - sum_over (fun b => q b * g b) l))) l <= exp (lam ^2 * c ^2).
Proof.
  intros Hg. set (m := sum_over (fun b => q b * g b) l).
  assert (Hm : forall a, In a l -> Rabs (g a - m) <= c).
  { intros a Ha. replace (g a - m) with (sum_over (fun b => q b * (g a - g b)) l).
    - eapply Rle_trans; [apply sum_abs |]. replace c with (sum_over (fun b => q b * c) l) by (rewrite (sum_ext _ (fun b => c * q b)) by (intros; ring); rewrite sum_scal, H1; ring).
      apply sum_le. intros b Hb. rewrite Rabs_mult, Rabs_pos_eq by auto. apply Rmult_le_compat_l; auto.
    - rewrite (sum_comb [(g a, q); (-1, fun b => q b * g b)]); [cbn [comb_sum]; fold m; rewrite H1; ring | intros; cbn [comb]; ring]. }
  apply Rle_trans with (sum_over (fun a => q a * (lam * (g a - m) + exp (lam ^2 * c ^2))) l).
  - apply sum_le. intros a Ha. apply Rmult_le_compat_l; [auto |]. eapply Rle_trans; [apply exp_le_shifted |]. apply Rplus_le_compat_l.
    assert (Q : (lam * (g a - m))^2 <= lam ^2 * c ^2).
    { replace ((lam * (g a - m))^2) with (lam ^2 * (g a - m)^2) by ring. apply Rmult_le_compat_l; [apply pow2_ge_0 |]. rewrite <- (pow2_abs (g a - m)). apply pow_incr. split; [apply Rabs_pos | auto]. }
    destruct Q as [Q | ->]; [left; apply exp_increasing; exact Q | right; reflexivity].
  - right. rewrite (sum_comb [(lam, fun a => q a * g a); (- lam * m + exp (lam ^2 * c ^2), q)]); [cbn [comb_sum]; fold m; rewrite H1; ring | intros; cbn [comb]; ring].
Qed.
Lemma exponential_moment K c lam : 0 <= c -> forall f, bounded_differences K c f -> EK K (fun w => exp (lam * (f w - EK K f))) <= exp (INR K * (lam ^2 * c ^2)).
Proof.
  intros Hc. induction K; intros f Hf; [cbn; right; f_equal; ring |]. destruct Hf as [Hd Ht]. set (g := fun a => EK K (fun w => f (a :: w))). set (m := EK (S K) f).
  assert (Em : m = sum_over (fun b => q b * g b) l) by reflexivity.
  assert (Hg : forall a b, In a l -> In b l -> Rabs (g a - g b) <= c).
  { intros a b Ha Hb. assert (U : forall a b, In a l -> In b l -> g a - g b <= c).
    { intros a' b' Ha' Hb'. unfold g. apply Rplus_le_reg_r with (EK K (fun w => f (b' :: w))). replace (EK K (fun w => f (a' :: w)) - EK K (fun w => f (b' :: w)) + EK K (fun w => f (b' :: w))) with (EK K (fun w => f (a' :: w))) by ring.
      apply Rle_trans with (EK K (fun w => c + f (b' :: w))).
      - apply EK_le. intros w Hw Hin. assert (X := Hd a' b' w Ha' Hb' Hw Hin). apply Rabs_le_between in X. lra.
      - right. rewrite (EK_linear l q K [(c, fun _ => 1); (1, fun w => f (b' :: w))]); [cbn [comb_EK]; rewrite (EK_const l q H1); ring | intros; cbn [comb]; ring]. }
    apply Rabs_le. split; [assert (X := U b a Hb Ha); lra | apply U; assumption]. }
  cbn [Pools.EK]. apply Rle_trans with (sum_over (fun a => exp (INR K * (lam ^2 * c ^2)) * (q a * exp (lam * (g a - m)))) l).
  - apply sum_le. intros a Ha. rewrite (EK_ext l q K _ (fun w => exp (lam * (g a - m)) * exp (lam * (f (a :: w) - g a)))) by (intros w; rewrite <- exp_plus; f_equal; ring).
    rewrite EK_scal. assert (X := IHK (fun w => f (a :: w)) (Ht a Ha)). fold (g a) in X. specialize (Hp a Ha).
    replace (exp (INR K * (lam ^2 * c ^2)) * (q a * exp (lam * (g a - m)))) with (q a * (exp (lam * (g a - m)) * exp (INR K * (lam ^2 * c ^2)))) by ring.
    apply Rmult_le_compat_l; [assumption |]. apply Rmult_le_compat_l; [left; apply exp_pos | exact X].
  - rewrite sum_scal. apply Rle_trans with (exp (INR K * (lam ^2 * c ^2)) * exp (lam ^2 * c ^2)).
    + apply Rmult_le_compat_l; [left; apply exp_pos |]. rewrite Em. apply one_draw. exact Hg.
    + right. rewrite <- exp_plus. f_equal. rewrite S_INR. ring.
Qed.
Definition chance K (event : list A -> bool) := EK K (fun w => if event w then 1 else 0).
Definition above f m t (w : list A) := if Rlt_dec t (f w - m) then true else false.
Lemma bounded_differences_opp K c : forall f, bounded_differences K c f -> bounded_differences K c (fun w => - f w).
Proof.
  induction K; intros f; cbn [bounded_differences]; [trivial |]. intros [Hd Ht]. split.
  - intros a b w Ha Hb Hw Hin. replace (- f (a :: w) - - f (b :: w)) with (- (f (a :: w) - f (b :: w))) by ring. rewrite Rabs_Ropp. apply Hd; assumption.
  - intros a Ha. apply (IHK (fun w => f (a :: w))). apply Ht. assumption.
Qed.
Lemma upper_tail K c t f : (0 < K)%nat -> 0 < c -> 0 < t -> bounded_differences K c f -> chance K (above f (EK K f) t) <= exp (- (t ^2 / (4 * INR K * c ^2))).
Proof.
  intros HK Hc Ht Hf. assert (HK0 : 0 < INR K) by (apply lt_0_INR; assumption). set (lam := t / (2 * INR K * c ^2)). assert (C2 : 0 < c ^2) by (apply pow_lt; assumption).
  assert (Hl : 0 < lam) by (apply Rdiv_lt_0_compat; [assumption | nra]).
  apply Rle_trans with (EK K (fun w => exp (- (lam * t)) * exp (lam * (f w - EK K f)))).
  - apply EK_le. intros w _ _. unfold above. destruct (Rlt_dec t (f w - EK K f)) as [L | _]; [| apply Rmult_le_pos; left; apply exp_pos].
    rewrite <- exp_plus. apply Rle_trans with (exp 0); [rewrite exp_0; lra |]. left. apply exp_increasing. assert (0 < lam * (f w - EK K f - t)) by (apply Rmult_lt_0_compat; lra). lra.
  - rewrite EK_scal. apply Rle_trans with (exp (- (lam * t)) * exp (INR K * (lam ^2 * c ^2))).
    + apply Rmult_le_compat_l; [left; apply exp_pos |]. apply exponential_moment; [lra | exact Hf].
    + right. rewrite <- exp_plus. f_equal. unfold lam. field. lra.
Qed.
Definition deviates f m t (w : list A) := if Rlt_dec t (Rabs (f w - m)) then true else false.
Theorem mcdiarmid K c t f : (0 < K)%nat -> 0 < c -> 0 < t -> bounded_differences K c f -> chance K (deviates f (EK K f) t) <= 2 * exp (- (t ^2 / (4 * INR K * c ^2))).
Proof.
  intros HK Hc Ht Hf. assert (U := upper_tail K c t f HK Hc Ht Hf). assert (L := upper_tail K c t (fun w => - f w) HK Hc Ht (bounded_differences_opp K c f Hf)).
  assert (En : EK K (fun w => - f w) = - EK K f) by (rewrite (EK_ext l q K _ (fun w => (-1) * f w)) by (intros; ring); rewrite EK_scal; ring). rewrite En in L.
  apply Rle_trans with (chance K (above f (EK K f) t) + chance K (above (fun w => - f w) (- EK K f) t)); [| lra].
  unfold chance. apply Rle_trans with (EK K (fun w => (if above f (EK K f) t w then 1 else 0) + (if above (fun w => - f w) (- EK K f) t w then 1 else 0))).
  - apply EK_le. intros w _ _. unfold deviates, above. destruct (Rlt_dec t (Rabs (f w - EK K f))) as [D | D]; destruct (Rlt_dec t (f w - EK K f)) as [P | P]; destruct (Rlt_dec t (- f w - - EK K f)) as [N | N]; try lra.
    exfalso. apply Rlt_not_le in D. apply D. apply Rabs_le. lra.
  - right. rewrite (EK_linear l q K [(1, fun w => if above f (EK K f) t w then 1 else 0); (1, fun w => if above (fun w => - f w) (- EK K f) t w then 1 else 0)]); [cbn [comb_EK]; ring | intros; cbn [comb]; ring].
Qed.
(* a bounded kernel's average over pairs changes by at most 4 B / K when one rollout is replaced *)
Lemma pairs_differences (k : A -> A -> R) B d : (forall a b, In a l -> In b l -> Rabs (k a b) <= B) -> 0 <= d -> forall K pre, (forall z, In z pre -> In z l) ->
  bounded_differences K (4 * B * (INR (length pre) + INR K - 1) * d) (fun w => pairs k (pre ++ w) * d).
Proof.
  intros Hk Hd0. induction K; intros pre Hpre; cbn [bounded_differences]; [trivial |]. split.
  - intros a b w Ha Hb Hw Hin. rewrite !pairs_insert.
    replace ((sum_over (fun c => k a c + k c a) (pre ++ w) + pairs k (pre ++ w)) * d - (sum_over (fun c => k b c + k c b) (pre ++ w) + pairs k (pre ++ w)) * d)
      with ((sum_over (fun c => k a c + k c a) (pre ++ w) - sum_over (fun c => k b c + k c b) (pre ++ w)) * d) by ring.
    rewrite Rabs_mult, (Rabs_pos_eq d) by assumption. apply Rmult_le_compat_r; [assumption |].
    replace (sum_over (fun c => k a c + k c a) (pre ++ w) - sum_over (fun c => k b c + k c b) (pre ++ w)) with (sum_over (fun c => k a c + k c a - (k b c + k c b)) (pre ++ w)).
    + eapply Rle_trans; [apply sum_abs |]. apply Rle_trans with (sum_over (fun _ => 4 * B) (pre ++ w)).
      * apply sum_le. intros c Hc. apply in_app_or in Hc. assert (Hcl : In c l) by (destruct Hc; auto).
        assert (X1 := Hk a c Ha Hcl). assert (X2 := Hk c a Hcl Ha). assert (X3 := Hk b c Hb Hcl). assert (X4 := Hk c b Hcl Hb).
        apply Rabs_le_between in X1, X2, X3, X4. apply Rabs_le. lra.
      * right. rewrite S_INR. replace (INR (length pre) + (INR K + 1) - 1) with (INR (length (pre ++ w))) by (rewrite app_length, plus_INR, Hw; ring).
        generalize (pre ++ w). intros v. induction v as [|z v IH]; [cbn; ring |]. cbn [sum_over length]. rewrite IH, S_INR. ring.
    + rewrite (sum_comb [(1, fun c => k a c + k c a); (-1, fun c => k b c + k c b)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring].
  - intros a Ha. assert (X := IHK (pre ++ [a])). rewrite app_length, plus_INR in X. cbn [length] in X. change (INR 1) with 1 in X. rewrite S_INR.
    replace (INR (length pre) + (INR K + 1) - 1) with (INR (length pre) + 1 + INR K - 1) by ring.
    assert (Y : forall z, In z (pre ++ [a]) -> In z l) by (intros z Hz; apply in_app_or in Hz; destruct Hz as [Hz | [<- | []]]; auto). specialize (X Y).
    assert (E : forall w, pairs k ((pre ++ [a]) ++ w) * d = pairs k (pre ++ a :: w) * d) by (intros w; rewrite <- app_assoc; reflexivity).
    replace (fun w => pairs k (pre ++ a :: w) * d) with (fun w => pairs k ((pre ++ [a]) ++ w) * d); [exact X |]. apply FunctionalExtensionality.functional_extensionality. exact E.
Qed.

(* ---- almost sure convergence ---- *)
(* a set of sequences of rollouts has probability zero: for every eps it is covered by events, the K-th about the first K rollouts
   alone, whose chances sum to at most eps (the outer measure of the product measure) *)
Definition prefix (omega : nat -> A) K := map omega (seq 0 K).
Definition null (N : (nat -> A) -> Prop) := forall eps, 0 < eps -> exists event : nat -> list A -> bool,
  (forall omega, N omega -> exists K, event K (prefix omega K) = true) /\ (forall n, sum_f_R0 (fun K => chance K (event K)) n <= eps).
Lemma inverse_squares K0 n : (1 <= K0)%nat -> sum_f_R0 (fun K => if le_lt_dec (S K0) K then / INR K ^2 else 0) n <= / INR K0.
Proof.
  intros HK. assert (P0 : 0 < INR K0) by (apply lt_0_INR; lia). assert (Pi : 0 < / INR K0) by (apply Rinv_0_lt_compat; assumption).
  assert (T : sum_f_R0 (fun K => if le_lt_dec (S K0) K then / INR K ^2 else 0) n <= (if le_lt_dec (S K0) n then / INR K0 - / INR n else 0)).
  { induction n.
    - cbn [sum_f_R0]. destruct (le_lt_dec (S K0) 0); [lia | lra].
    - rewrite tech5. destruct (le_lt_dec (S K0) (S n)) as [L | L].
      + assert (Pn : 0 < INR n) by (apply lt_0_INR; lia). assert (Q : / INR (S n) ^2 <= / INR n - / INR (S n)).
        { rewrite S_INR. replace (/ INR n - / (INR n + 1)) with (/ (INR n * (INR n + 1))) by (field; lra). apply Rinv_le_contravar; [apply Rmult_lt_0_compat; lra | nra]. }
        destruct (le_lt_dec (S K0) n) as [L' | L']; [lra |]. replace n with K0 in * by lia. lra.
      + destruct (le_lt_dec (S K0) n); [lia | lra]. }
  destruct (le_lt_dec (S K0) n); [| lra]. assert (0 < / INR n) by (apply Rinv_0_lt_compat, lt_0_INR; lia). lra.
Qed.
Lemma exp_inverse_fourth y : 0 < y -> exp (- y) <= 256 / y ^4.
Proof.
  intros Hy. assert (E : y / 4 <= exp (y / 4)) by (assert (X := exp_ineq1_le (y / 4)); lra).
  assert (E4 : (y / 4)^4 <= exp y). { replace (exp y) with (exp (y / 4) ^4) by (replace y with (y / 4 + y / 4 + (y / 4 + y / 4)) at 2 by field; rewrite !exp_plus; ring). apply pow_incr. lra. }
  rewrite exp_Ropp. apply Rle_trans with (/ (y / 4)^4); [apply Rinv_le_contravar; [apply pow_lt; lra | exact E4] | right; field; lra].
Qed.
Lemma natural_above x : exists n, x < INR n.
Proof.
  exists (Z.to_nat (up (Rabs x))). assert (Up := archimed (Rabs x)). assert (Le := Rle_abs x). assert (Ge := Rabs_pos x).
  rewrite INR_IZR_INZ, Z2Nat.id; [lra |]. apply le_IZR. lra.
Qed.
(* the strong law for averages of a bounded kernel over pairs *)
Theorem pairs_strong_law k B : 0 < B -> (forall a b, In a l -> In b l -> Rabs (k a b) <= B) ->
  null (fun omega => (forall i, In (omega i) l) /\ ~ is_lim_seq (fun K => pairs k (prefix omega K) / (INR K * (INR K - 1))) (pair_expect k)).
Proof.
  intros HB Hk eps He. set (C := 64 * B ^2). assert (HC : 0 < C) by (apply Rmult_lt_0_compat; [lra | apply pow_lt; assumption]).
  set (t := fun K => / sqrt (sqrt (INR K))). set (f := fun (K : nat) w => pairs k w * / (INR K * (INR K - 1))).
  (* from K0 on the chances sum to at most eps *)
  assert (HK0 : exists K0, (1 <= K0)%nat /\ 512 * C ^4 * / INR K0 <= eps).
  { assert (Q : 0 < 512 * C ^4) by (apply Rmult_lt_0_compat; [lra | apply pow_lt; assumption]). destruct (natural_above (512 * C ^4 / eps)) as [K0 HK0]. exists (S K0). split; [lia |].
    assert (P : 512 * C ^4 / eps < INR (S K0)) by (rewrite S_INR; lra). assert (P0 : 0 < INR (S K0)) by (apply lt_0_INR; lia).
    apply Rmult_le_reg_r with (INR (S K0)); [assumption |]. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. apply Rmult_lt_compat_r with (r := eps) in P; [| assumption]. unfold Rdiv in P. rewrite Rmult_assoc, Rinv_l, Rmult_1_r in P by lra. lra. }
  destruct HK0 as [K0 [HK0 HKe]].
  exists (fun K => if le_lt_dec (S K0) K then deviates (f K) (pair_expect k) (t K) else fun _ => false). split.
  - intros omega [Hin Hlim]. apply NNPP. intros Hno. apply Hlim. apply is_lim_seq_spec. intros e. assert (He' := cond_pos e).
    (* |f - mean| <= K^(-1/4) from K0 on *)
    assert (Small : forall K, (S K0 <= K)%nat -> Rabs (f K (prefix omega K) - pair_expect k) <= t K).
    { intros K HK. destruct (Rle_lt_dec (Rabs (f K (prefix omega K) - pair_expect k)) (t K)) as [|L]; [assumption | exfalso]. apply Hno. exists K.
      destruct (le_lt_dec (S K0) K); [| lia]. unfold deviates. destruct (Rlt_dec (t K) (Rabs (f K (prefix omega K) - pair_expect k))); [reflexivity | contradiction]. }
    destruct (natural_above (/ e ^4)) as [N HN]. exists (Nat.max (S K0) (S N)). intros K HK. eapply Rle_lt_trans; [apply Small; lia |].
    assert (HKN : / e ^4 < INR K) by (apply Rlt_le_trans with (INR N); [assumption | apply le_INR; lia]). assert (E4 : 0 < e ^4) by (apply pow_lt; assumption). assert (I4 : 0 < / e ^4) by (apply Rinv_0_lt_compat; assumption).
    unfold t. assert (S1 : / e ^2 < sqrt (INR K)).
    { rewrite <- (sqrt_pow2 (/ e ^2)) by (left; apply Rinv_0_lt_compat, pow_lt; assumption). apply sqrt_lt_1_alt. split; [apply pow2_ge_0 |]. replace ((/ e ^2)^2) with (/ e ^4) by (field; lra). assumption. }
    assert (S2 : / e < sqrt (sqrt (INR K))).
    { rewrite <- (sqrt_pow2 (/ e)) by (left; apply Rinv_0_lt_compat; assumption). apply sqrt_lt_1_alt. split; [apply pow2_ge_0 |]. replace ((/ e)^2) with (/ e ^2) by (field; lra). assumption. }
    rewrite <- (Rinv_inv e). apply Rinv_lt_contravar; [| exact S2]. apply Rmult_lt_0_compat; [apply Rinv_0_lt_compat; assumption |]. apply Rlt_trans with (/ e); [apply Rinv_0_lt_compat; assumption | exact S2].
  - intros n. apply Rle_trans with (512 * C ^4 * sum_f_R0 (fun K => if le_lt_dec (S K0) K then / INR K ^2 else 0) n).
    + rewrite scal_sum. apply sum_Rle. intros K _. destruct (le_lt_dec (S K0) K) as [HK | _].
      * assert (HK2 : 2 <= INR K) by (change 2 with (INR 2); apply le_INR; lia). assert (Sq := sqrt_lt_R0 (INR K) ltac:(lra)). assert (Sqq := sqrt_lt_R0 _ Sq).
        assert (Tp : 0 < t K) by (apply Rinv_0_lt_compat; assumption).
        assert (Hd : 0 <= / (INR K * (INR K - 1))) by (left; apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra).
        assert (BD := pairs_differences k B (/ (INR K * (INR K - 1))) Hk Hd K [] ltac:(intros z [])). cbn [app length] in BD. change (INR 0) with 0 in BD. rewrite Rplus_0_l in BD.
        replace (4 * B * (INR K - 1) * / (INR K * (INR K - 1))) with (4 * B / INR K) in BD by (field; lra).
        assert (M := mcdiarmid K (4 * B / INR K) (t K) (f K) ltac:(lia) ltac:(apply Rdiv_lt_0_compat; lra) Tp BD).
        assert (Em : EK K (f K) = pair_expect k).
        { unfold f. rewrite (EK_ext l q K _ (fun w => / (INR K * (INR K - 1)) * pairs k w)) by (intros; ring). rewrite EK_scal, mean_pairs. field. lra. }
        rewrite Em in M. eapply Rle_trans; [exact M |].
        replace (t K ^2 / (4 * INR K * (4 * B / INR K)^2)) with (sqrt (INR K) / C).
        2:{ unfold t, C. rewrite pow_inv, pow2_sqrt by lra. assert (Ks : INR K = sqrt (INR K) * sqrt (INR K)) by (symmetry; apply sqrt_sqrt; lra). set (s := sqrt (INR K)) in *. rewrite Ks. field. repeat split; lra. }
        assert (X := exp_inverse_fourth (sqrt (INR K) / C) ltac:(apply Rdiv_lt_0_compat; assumption)).
        replace (256 / (sqrt (INR K) / C)^4) with (256 * C ^4 * / INR K ^2) in X.
        2:{ replace ((sqrt (INR K) / C)^4) with ((sqrt (INR K) * sqrt (INR K))^2 / C ^4) by (field; lra). rewrite sqrt_sqrt by lra. field. split; lra. }
        lra.
      * rewrite Rmult_0_l. right. unfold chance. apply (EK_const l q H1).
    + eapply Rle_trans; [apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra | left; apply pow_lt; assumption] | apply inverse_squares; assumption] | exact HKe].
Qed.

(* ---- the two scores ---- *)
Variable r : A -> R.
Variable dist : A -> A -> R.
Hypothesis Hr : forall a, In a l -> r a = 0 \/ r a = 1.
Variable dmax : R.
Hypothesis Hd : forall a b, In a l -> In b l -> Rabs (dist a b) <= dmax.
Definition pass_rate := sum_over (fun a => q a * r a) l. (* P *)
Definition ovs (w : list A) := let K := INR (length w) in sum_over r w / K * (1 - sum_over r w / K). (* OVS_K *)
Definition tds (w : list A) := let K := INR (length w) in pairs (fun a b => dist a b ^2) w / (K * (K - 1)). (* mean squared pairwise distance *)
Definition corrected_score alpha beta w := let K := INR (length w) in alpha * (K / (K - 1)) * ovs w + beta * tds w.
Let kernel alpha beta a b := alpha * ((r a - r b)^2 / 2) + beta * dist a b ^2.
Lemma outcome_pairs w : (forall a, In a w -> In a l) -> pairs (fun a b => (r a - r b)^2 / 2) w = sum_over r w * (INR (length w) - sum_over r w).
Proof.
  induction w as [|a w IH]; intros Hin; [cbn; ring |]. cbn [pairs sum_over length]. rewrite IH by (intros; apply Hin; right; assumption). rewrite S_INR.
  assert (L : sum_over (fun b => (r a - r b)^2 / 2 + (r b - r a)^2 / 2) w = r a * INR (length w) + (1 - 2 * r a) * sum_over r w).
  { assert (Ha : r a = 0 \/ r a = 1) by (apply Hr, Hin; left; reflexivity). clear IH. induction w as [|b w IH]; [cbn; ring |]. cbn [sum_over length]. rewrite S_INR, IH.
    - assert (Hb : r b = 0 \/ r b = 1) by (apply Hr, Hin; right; left; reflexivity). destruct Ha as [-> | ->], Hb as [-> | ->]; field.
    - intros z [-> | Hz]; apply Hin; [left; reflexivity | right; right; assumption]. }
  rewrite L. destruct (Hr a (Hin a (or_introl eq_refl))) as [-> | ->]; ring.
Qed.
Lemma corrected_score_is_pairs alpha beta w : (2 <= length w)%nat -> (forall a, In a w -> In a l) ->
  corrected_score alpha beta w = pairs (kernel alpha beta) w / (INR (length w) * (INR (length w) - 1)).
Proof.
  intros Hw Hin. assert (2 <= INR (length w)) by (change 2 with (INR 2); apply le_INR; assumption).
  unfold kernel. rewrite (pairs_linear (fun a b => (r a - r b)^2 / 2) (fun a b => dist a b ^2)). rewrite outcome_pairs by assumption. unfold corrected_score, ovs, tds. field. lra.
Qed.
Lemma kernel_mean alpha beta : pair_expect (kernel alpha beta) = alpha * (pass_rate * (1 - pass_rate)) + beta * pair_expect (fun a b => dist a b ^2).
Proof.
  unfold kernel, pair_expect.
  rewrite (sum_comb [(alpha, fun a => q a * sum_over (fun b => q b * ((r a - r b)^2 / 2)) l); (beta, fun a => q a * sum_over (fun b => q b * dist a b ^2) l)]).
  - cbn [comb_sum]. rewrite Rplus_0_r. f_equal. f_equal. rewrite (sum_comb [((1 - 2 * pass_rate) / 2, fun a => q a * r a); (pass_rate / 2, q)]).
    + cbn [comb_sum]. rewrite H1. fold pass_rate. field.
    + intros a Ha. cbn [comb]. rewrite (sum_comb [(r a ^2 / 2, q); ((1 - 2 * r a) / 2, fun b => q b * r b)]).
      * cbn [comb_sum]. rewrite H1. fold pass_rate. destruct (Hr a Ha) as [-> | ->]; field.
      * intros b Hb. cbn [comb]. destruct (Hr b Hb) as [-> | ->]; field.
  - intros a _. cbn [comb]. rewrite (sum_comb [(alpha, fun b => q b * ((r a - r b)^2 / 2)); (beta, fun b => q b * dist a b ^2)] (fun b => q b * (alpha * ((r a - r b)^2 / 2) + beta * dist a b ^2))); [cbn [comb_sum]; ring | intros; cbn [comb]; ring].
Qed.
(* A21 *)
Theorem scores_unbiased_and_consistent alpha beta :
  (forall group, (2 <= group)%nat -> EK group (corrected_score alpha beta) = alpha * (pass_rate * (1 - pass_rate)) + beta * pair_expect (fun a b => dist a b ^2))
  /\ null (fun omega => (forall i, In (omega i) l)
      /\ ~ is_lim_seq (fun K => corrected_score alpha beta (prefix omega K)) (alpha * (pass_rate * (1 - pass_rate)) + beta * pair_expect (fun a b => dist a b ^2))).
Proof.
  rewrite <- kernel_mean. split.
  - intros K HK. assert (2 <= INR K) by (change 2 with (INR 2); apply le_INR; assumption).
    rewrite (EK_ext_group l q K _ (fun w => / (INR K * (INR K - 1)) * pairs (kernel alpha beta) w)).
    + rewrite EK_scal, mean_pairs. field. lra.
    + intros w Hw Hin. rewrite corrected_score_is_pairs by (assumption || lia). rewrite Hw. unfold Rdiv. ring.
  - set (B := Rabs alpha + Rabs beta * dmax ^2 + 1). assert (A0 := Rabs_pos alpha). assert (B0 := Rabs_pos beta). assert (D0 := pow2_ge_0 dmax).
    assert (HB : 0 < B) by (unfold B; assert (0 <= Rabs beta * dmax ^2) by (apply Rmult_le_pos; assumption); lra).
    assert (Hk : forall a b, In a l -> In b l -> Rabs (kernel alpha beta a b) <= B).
    { intros a b Ha Hb. unfold kernel. eapply Rle_trans; [apply Rabs_triang |]. rewrite !Rabs_mult. rewrite (Rabs_pos_eq (dist a b ^2)) by apply pow2_ge_0.
      assert (Dab : dist a b ^2 <= dmax ^2) by (rewrite <- (pow2_abs (dist a b)); apply pow_incr; split; [apply Rabs_pos | apply Hd; assumption]).
      assert (R1 : Rabs ((r a - r b)^2 / 2) <= 1) by (apply Rabs_le; destruct (Hr a Ha) as [-> | ->], (Hr b Hb) as [-> | ->]; lra).
      assert (Rabs alpha * Rabs ((r a - r b)^2 / 2) <= Rabs alpha * 1) by (apply Rmult_le_compat_l; assumption).
      assert (Rabs beta * dist a b ^2 <= Rabs beta * dmax ^2) by (apply Rmult_le_compat_l; assumption). unfold B. lra. }
    intros eps He. destruct (pairs_strong_law (kernel alpha beta) B HB Hk eps He) as [event [Hc Hs]]. exists event. split; [| exact Hs].
    intros omega [Hin Hlim]. apply Hc. split; [exact Hin |]. intros L. apply Hlim. apply (is_lim_seq_ext_loc (fun K => pairs (kernel alpha beta) (prefix omega K) / (INR K * (INR K - 1)))); [| exact L].
    exists 2%nat. intros K HK. assert (Len : length (prefix omega K) = K) by (unfold prefix; rewrite map_length, seq_length; reflexivity).
    rewrite corrected_score_is_pairs; [rewrite Len; reflexivity | lia |]. intros a Ha. unfold prefix in Ha. apply in_map_iff in Ha. destruct Ha as [i [<- _]]. apply Hin.
Qed.
End Rollouts.
