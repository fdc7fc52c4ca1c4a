(* Means over a binomial count: the coin-flip recursion EB is the textbook sum over C(n, j), and its exact identities. *)
Require Import Reals Lra Psatz Lia.
From Coquelicot Require Import Coquelicot.
From Vas Require Import GroupGain GainShape.
Open Scope R_scope.

(* EB p n f = sum over j = 0..n of C(n, j) p^j (1-p)^(n-j) f j *)
Definition binomial_mean p n f := sum_f_R0 (fun j => Binomial.C n j * p ^ j * (1 - p) ^ (n - j) * f j) n.
Lemma sum_shift f n : sum_f_R0 f (S n) = f O + sum_f_R0 (fun j => f (S j)) n.
Proof. induction n; [reflexivity |]. rewrite tech5, IHn. simpl. ring. Qed.
Lemma C_n_n n : Binomial.C n n = 1.
Proof. unfold Binomial.C. rewrite Nat.sub_diag. simpl. field. apply INR_fact_neq_0. Qed.
Lemma C_n_0 n : Binomial.C n 0 = 1.
Proof. unfold Binomial.C. rewrite Nat.sub_0_r. simpl. field. apply INR_fact_neq_0. Qed.
Theorem EB_is_binomial_mean p n : forall f, EB p n f = binomial_mean p n f.
Proof.
  induction n; intros f; unfold binomial_mean.
  - simpl. rewrite C_n_0. ring.
  - rewrite EB_pred, !IHn. unfold binomial_mean. destruct n as [|n].
    + simpl. rewrite !C_n_0, (C_n_n 1). ring.
    + rewrite (sum_shift (fun j => Binomial.C (S (S n)) j * p ^ j * (1 - p) ^ (S (S n) - j) * f j) (S n)).
      rewrite (tech5 (fun j => Binomial.C (S (S n)) (S j) * p ^ (S j) * (1 - p) ^ (S (S n) - S j) * f (S j)) n).
      rewrite (sum_shift (fun j => Binomial.C (S n) j * p ^ j * (1 - p) ^ (S n - j) * f j) n).
      rewrite (tech5 (fun j => Binomial.C (S n) j * p ^ j * (1 - p) ^ (S n - j) * f (S j)) n).
      rewrite !C_n_n, !C_n_0, !Nat.sub_diag, !Nat.sub_0_r.
      assert (E : sum_f_R0 (fun j => Binomial.C (S (S n)) (S j) * p ^ S j * (1 - p) ^ (S (S n) - S j) * f (S j)) n
        = p * sum_f_R0 (fun j => Binomial.C (S n) j * p ^ j * (1 - p) ^ (S n - j) * f (S j)) n
          + (1 - p) * sum_f_R0 (fun j => Binomial.C (S n) (S j) * p ^ S j * (1 - p) ^ (S n - S j) * f (S j)) n).
      { rewrite !scal_sum, <- plus_sum. apply sum_eq. intros i Hi.
        rewrite <- (pascal (S n) i) by lia. replace (S (S n) - S i)%nat with (S (S n - S i)) by lia.
        replace (S n - i)%nat with (S (S n - S i)) by lia. simpl. ring. }
      rewrite E. simpl. ring.
Qed.

Lemma EB_const p n c : EB p n (fun _ => c) = c.
Proof. induction n; cbn; [reflexivity | rewrite IHn; ring]. Qed.
Lemma EB_scal p n c f : EB p n (fun j => c * f j) = c * EB p n f.
Proof. rewrite (EB_ext p n _ (fun j => c * f j + 0 * f j)) by (intros; ring). rewrite EB_lin. ring. Qed.
Lemma EB_plus p n f g : EB p n (fun j => f j + g j) = EB p n f + EB p n g.
Proof. rewrite (EB_ext p n _ (fun j => 1 * f j + 1 * g j)) by (intros; ring). rewrite EB_lin. ring. Qed.
(* heads and tails change places *)
Lemma EB_reflect p n : forall f, EB p n f = EB (1 - p) n (fun j => f (n - j)%nat).
Proof.
  induction n; intros f; [reflexivity |]. rewrite !EB_pred, (IHn (fun j => f (S j))), (IHn f).
  rewrite (EB_ext (1 - p) n (fun j => f (S n - j)%nat) (fun j => f (S (n - j)))) by (intros; f_equal; lia).
  rewrite (EB_ext (1 - p) n (fun j => f (S n - S j)%nat) (fun j => f (n - j)%nat)) by (intros; f_equal; lia). ring.
Qed.
(* size bias: a factor j takes one head out, a factor n - j one tail *)
Lemma EB_heads p n : forall h, EB p (S n) (fun j => INR j * h j) = INR (S n) * p * EB p n (fun j => h (S j)).
Proof.
  induction n; intros h; [cbn; ring |]. rewrite EB_pred.
  rewrite (EB_ext p (S n) (fun j => INR (S j) * h (S j)) (fun j => INR j * h (S j) + h (S j))) by (intros; rewrite S_INR; ring).
  rewrite EB_plus, (IHn (fun j => h (S j))), (IHn h), (S_INR (S n)), (EB_pred n p (fun j => h (S j))). ring.
Qed.
Lemma EB_tails p n h : EB p (S n) (fun j => (INR (S n) - INR j) * h j) = INR (S n) * (1 - p) * EB p n h.
Proof.
  rewrite EB_reflect. rewrite (EB_ext _ (S n) _ (fun j => INR j * h (S n - j)%nat)).
  - rewrite (EB_heads (1 - p) n (fun j => h (S n - j)%nat)). f_equal. rewrite (EB_reflect p n h). apply EB_ext. intros; f_equal; lia.
  - intros j Hj. rewrite minus_INR by assumption. ring.
Qed.
Lemma EB_both p n h : EB p (S (S n)) (fun j => INR j * (INR (S (S n)) - INR j) * h j)
  = INR (S (S n)) * INR (S n) * (p * (1 - p)) * EB p n (fun j => h (S j)).
Proof.
  rewrite (EB_ext p _ _ (fun j => INR j * ((INR (S (S n)) - INR j) * h j))) by (intros; ring).
  rewrite (EB_heads p (S n) (fun j => (INR (S (S n)) - INR j) * h j)).
  rewrite (EB_ext p (S n) _ (fun j => (INR (S n) - INR j) * h (S j))) by (intros; rewrite !S_INR; ring).
  rewrite EB_tails. ring.
Qed.
(* an expectation over n flips is one over n + 1 flips: a Bernstein polynomial raised by one degree *)
Lemma EB_raise p n f : EB p n f = EB p (S n) (fun k => (INR k * f (pred k) + (INR (S n) - INR k) * f k) / INR (S n)).
Proof.
  assert (0 < INR (S n)) by (apply lt_0_INR; lia).
  rewrite (EB_ext p (S n) _ (fun k => / INR (S n) * (INR k * f (pred k)) + / INR (S n) * ((INR (S n) - INR k) * f k))) by (intros; field; lra).
  rewrite EB_lin, (EB_heads p n (fun k => f (pred k))), (EB_tails p n f).
  rewrite (EB_ext p n (fun j => f (pred (S j))) f) by reflexivity. field. lra.
Qed.
Lemma EB_lt p n : 0 < p < 1 -> forall f g, (forall j, (j <= n)%nat -> f j <= g j) -> (exists j, (j <= n)%nat /\ f j < g j) -> EB p n f < EB p n g.
Proof.
  intros Hp. induction n; intros f g H [j [Hj L]].
  - replace j with O in L by lia. exact L.
  - rewrite !EB_pred. assert (A : EB p n f <= EB p n g) by (apply EB_le; [lra | intros; apply H; lia]).
    assert (B : EB p n (fun j => f (S j)) <= EB p n (fun j => g (S j))) by (apply EB_le; [lra | intros; apply H; lia]).
    destruct j as [|j].
    + assert (EB p n f < EB p n g) by (apply IHn; [intros; apply H; lia | exists O; split; [lia | assumption]]). nra.
    + assert (EB p n (fun j => f (S j)) < EB p n (fun j => g (S j))) by (apply IHn; [intros; apply H; lia | exists j; split; [lia | assumption]]). nra.
Qed.
Lemma EB_at_0 n f : EB 0 n f = f O.
Proof. induction n; cbn; [reflexivity | rewrite IHn; ring]. Qed.
Lemma EB_at_1 n f : EB 1 n f = f n.
Proof. rewrite EB_reflect. replace (1 - 1) with 0 by ring. rewrite EB_at_0. f_equal. lia. Qed.
Lemma EB_jensen p n f : 0 <= p <= 1 -> (EB p n f)^2 <= EB p n (fun j => f j ^2).
Proof.
  intros Hp. set (m := EB p n f). assert (0 <= EB p n (fun j => (f j - m)^2)).
  { rewrite <- (EB_const p n 0). apply EB_le; [assumption | intros; apply pow2_ge_0]. }
  rewrite (EB_ext p n _ (fun j => 1 * (f j ^2) + 1 * ((-2 * m) * f j + m ^2))) in H by (intros; ring).
  rewrite EB_lin, EB_plus, EB_const, EB_scal in H. fold m in H. lra.
Qed.
