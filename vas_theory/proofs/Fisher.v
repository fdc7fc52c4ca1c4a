(* B20: |grad|^2 is at least the second Fisher eigenvalue times Var, for every number of arms. The vector of ones is a null
   vector of F = diag p - p p^T, so its second eigenvalue is the least Rayleigh quotient on the vectors of sum zero. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Derivative.
Import ListNotations.
Open Scope R_scope.
Section Fisher.
Variables (K : nat) (p r : nat -> R).
Notation arms := (seq 0 K).
Hypothesis Hp : forall a, In a arms -> 0 <= p a.
Hypothesis H1 : sum_over p arms = 1.
Notation norm2 := (norm2 arms). Notation fisher := (fisher arms p). Notation mean := (mean arms p).
Notation V := (V arms p r). Notation Var := (Var arms p r). Notation grad := (grad arms p r).
Definition rayleigh_at_least l := forall x, sum_over x arms = 0 -> l * norm2 x <= fisher x. (* l |x|^2 <= x^T F x on the complement of 1 *)
Definition second_eigenvalue l := rayleigh_at_least l /\ forall m, rayleigh_at_least m -> m <= l.
(* the matrix behind the form: F 1 = 0, F r = grad, x^T F y *)
Definition fisher_matrix i j := (if Nat.eq_dec j i then p i else 0) - p i * p j.
Lemma fisher_apply x i : (i < K)%nat -> sum_over (fun j => fisher_matrix i j * x j) arms = p i * (x i - mean x).
Proof.
  intros Hi. rewrite (sum_comb [(1, fun j => if Nat.eq_dec j i then p i * x j else 0); (- p i, fun j => p j * x j)]) by (intros j _; unfold fisher_matrix; cbn [comb]; destruct (Nat.eq_dec j i); ring).
  cbn [comb_sum]. rewrite (sum_one (fun j => p i * x j) i arms) by (try apply seq_NoDup; apply in_seq; lia). fold (mean x). ring.
Qed.
Lemma fisher_form x : sum_over (fun i => x i * sum_over (fun j => fisher_matrix i j * x j) arms) arms = fisher x.
Proof.
  rewrite (sum_ext _ (fun i => p i * x i ^2 - mean x * (p i * x i))).
  - rewrite (sum_comb [(1, fun i => p i * x i ^2); (- mean x, fun i => p i * x i)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. fold (mean x). rewrite fisher_alt by assumption. ring.
  - intros i Hi. apply in_seq in Hi. rewrite fisher_apply by lia. ring.
Qed.
Lemma fisher_null i : (i < K)%nat -> sum_over (fun j => fisher_matrix i j * 1) arms = 0.
Proof. intros Hi. rewrite (fisher_apply (fun _ => 1)) by assumption. unfold Tabular.mean. rewrite (sum_ext (fun a => p a * 1) p) by (intros; ring). rewrite H1. ring. Qed.
Lemma fisher_reward i : (i < K)%nat -> sum_over (fun j => fisher_matrix i j * r j) arms = grad i.
Proof. intros Hi. rewrite fisher_apply by assumption. reflexivity. Qed.
Lemma fisher_nonneg x : 0 <= fisher x.
Proof. apply sum_nonneg. intros. apply Rmult_le_pos; [auto | apply pow2_ge_0]. Qed.
Lemma K_pos : (0 < K)%nat.
Proof. destruct K; [simpl in H1; lra | lia]. Qed.
Lemma fisher_shift x c : fisher (fun a => x a - c) = fisher x.
Proof.
  assert (E : mean (fun a => x a - c) = mean x - c).
  { unfold Tabular.mean. rewrite (sum_comb [(1, fun a => p a * x a); (- c, p)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite H1. ring. }
  unfold Tabular.fisher. rewrite E. apply sum_ext. intros. ring.
Qed.
Lemma gradient_at_least_rayleigh l : rayleigh_at_least l -> l * Var <= norm2 grad.
Proof.
  intros Hl. assert (W0 := fisher_nonneg r). change (fisher r) with Var in W0.
  assert (N0 : 0 <= norm2 grad) by (apply sum_nonneg; intros; apply pow2_ge_0).
  destruct (Rle_lt_dec l 0) as [ln | lp]; [nra |].
  set (c := sum_over r arms / INR K). set (x := fun a => r a - c). assert (K0 : INR K <> 0) by (apply not_0_INR; assert (P := K_pos); lia).
  assert (ones : sum_over (fun _ : nat => 1) arms = INR K).
  { clear. assert (G : forall n s, sum_over (fun _ : nat => 1) (seq s n) = INR n) by (induction n; intros s; [reflexivity | cbn [seq sum_over]; rewrite IHn, S_INR; ring]). apply G. }
  assert (x0 : sum_over x arms = 0).
  { unfold x. rewrite (sum_comb [(1, r); (- c, fun _ => 1)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite ones. unfold c. field. assumption. }
  assert (Q := Hl x x0). assert (Fx := fisher_shift r c). fold x in Fx. rewrite Fx in Q. change (fisher r) with Var in Q.
  assert (B := Tabular.squared_gradient_at_least_variance_over_shift arms p r H1 c). fold x in B. change (sum_over (fun a => (r a - c)^2) arms) with (norm2 x) in B.
  destruct (Req_dec Var 0) as [v0 | vn]; [rewrite v0, Rmult_0_r; assumption |]. assert (vp : 0 < Var) by lra.
  assert (X0 : 0 <= norm2 x) by (apply sum_nonneg; intros; apply pow2_ge_0).
  apply Rmult_le_reg_r with Var; [assumption |].
  apply Rle_trans with (l * (norm2 grad * norm2 x)); [replace (l * Var * Var) with (l * Var ^2) by ring; apply Rmult_le_compat_l; lra |].
  replace (l * (norm2 grad * norm2 x)) with (norm2 grad * (l * norm2 x)) by ring. apply Rmult_le_compat_l; assumption.
Qed.
Lemma pair_direction i j : (i < K)%nat -> (j < K)%nat -> i <> j -> exists x, sum_over x arms = 0 /\ norm2 x = 2 /\ fisher x <= p i + p j.
Proof.
  intros Hi Hj n. set (x := fun a => (if Nat.eq_dec a i then 1 else 0) + (if Nat.eq_dec a j then -1 else 0)).
  assert (S1 : forall f : nat -> R, sum_over (fun a => f a * x a) arms = f i - f j).
  { intros f. rewrite (sum_comb [(1, fun a => if Nat.eq_dec a i then f a else 0); (-1, fun a => if Nat.eq_dec a j then f a else 0)]) by (intros a _; unfold x; cbn [comb]; destruct (Nat.eq_dec a i), (Nat.eq_dec a j); ring).
    cbn [comb_sum]. rewrite !(sum_one f) by (try apply seq_NoDup; apply in_seq; lia). ring. }
  assert (S2 : forall f : nat -> R, sum_over (fun a => f a * x a ^2) arms = f i + f j).
  { intros f. rewrite (sum_comb [(1, fun a => if Nat.eq_dec a i then f a else 0); (1, fun a => if Nat.eq_dec a j then f a else 0)]).
    - cbn [comb_sum]. rewrite !(sum_one f) by (try apply seq_NoDup; apply in_seq; lia). ring.
    - intros a _. unfold x. cbn [comb]. destruct (Nat.eq_dec a i), (Nat.eq_dec a j); subst; try lia; ring. }
  exists x. repeat split.
  - rewrite (sum_ext x (fun a => 1 * x a)) by (intros; ring). rewrite (S1 (fun _ => 1)). ring.
  - unfold Tabular.norm2. rewrite (sum_ext (fun a => x a ^2) (fun a => 1 * x a ^2)) by (intros; ring). rewrite (S2 (fun _ => 1)). ring.
  - rewrite fisher_alt by assumption. rewrite S2. assert (0 <= (mean x)^2) by apply pow2_ge_0. lra.
Qed.
(* the second eigenvalue lies between the smallest and the second smallest probability *)
Lemma second_eigenvalue_range l : second_eigenvalue l ->
  (forall m, (forall a, (a < K)%nat -> m <= p a) -> m <= l) /\ (forall i j, (i < K)%nat -> (j < K)%nat -> i <> j -> l <= Rmax (p i) (p j)).
Proof.
  intros [Hl Hmax]. split.
  - intros m Hm. destruct (Rle_lt_dec 0 m) as [m0 | mn].
    + apply Hmax. intros x x0. apply fisher_at_least_lower_bound; try assumption. intros a Ha. apply Hm. apply in_seq in Ha. lia.
    + assert (0 <= l); [| lra]. apply Hmax. intros x _. rewrite Rmult_0_l. apply fisher_nonneg.
  - intros i j Hi Hj n. destruct (pair_direction i j Hi Hj n) as (x & x0 & x2 & xf). assert (B := Hl x x0). rewrite x2 in B.
    assert (M1 := Rmax_l (p i) (p j)). assert (M2 := Rmax_r (p i) (p j)). lra.
Qed.
Lemma second_eigenvalue_exists : (2 <= K)%nat -> exists l, second_eigenvalue l.
Proof.
  intros K2. destruct (completeness rayleigh_at_least) as [l [Hu Hl]].
  - exists (Rmax (p 0%nat) (p 1%nat)). intros m Hm. destruct (pair_direction 0 1) as (x & x0 & x2 & xf); try lia. assert (B := Hm x x0). rewrite x2 in B.
    assert (M1 := Rmax_l (p 0%nat) (p 1%nat)). assert (M2 := Rmax_r (p 0%nat) (p 1%nat)). lra.
  - exists 0. intros x _. rewrite Rmult_0_l. apply fisher_nonneg.
  - exists l. split; [| exact Hu]. intros x x0. assert (N0 : 0 <= norm2 x) by (apply sum_nonneg; intros; apply pow2_ge_0).
    destruct (Rle_lt_dec (l * norm2 x) (fisher x)) as [|L]; [assumption | exfalso]. assert (F0 := fisher_nonneg x).
    assert (Np : 0 < norm2 x) by (destruct (Req_dec (norm2 x) 0) as [e | n]; [rewrite e in L; lra | lra]).
    assert (B : l <= fisher x / norm2 x).
    { apply Hl. intros m Hm. apply Rmult_le_reg_r with (norm2 x); [assumption |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. apply Hm. assumption. }
    apply Rmult_le_compat_r with (r := norm2 x) in B; [| lra]. unfold Rdiv in B. rewrite Rmult_assoc, Rinv_l, Rmult_1_r in B by lra. lra.
Qed.
End Fisher.
(* B20, on the derivative of the softmax value *)
Theorem gradient_at_least_second_eigenvalue K r th l : (0 < K)%nat -> second_eigenvalue K (softmax K th) l ->
  l * variance K r th <= sum_over (fun i => partial K r th i ^2) (seq 0 K)
  /\ (forall m, (forall a, (a < K)%nat -> m <= softmax K th a) -> m <= l)
  /\ (forall i j, (i < K)%nat -> (j < K)%nat -> i <> j -> l <= Rmax (softmax K th i) (softmax K th j)).
Proof.
  intros HK Hl. assert (Hp : forall a, In a (seq 0 K) -> 0 <= softmax K th a) by (intros; left; apply softmax_pos; assumption).
  assert (H1 := softmax_sum1 K th HK). split; [| apply second_eigenvalue_range; assumption].
  assert (N := norm_eq K r th HK). unfold arms in N. rewrite N. apply gradient_at_least_rayleigh; try assumption. apply Hl.
Qed.
