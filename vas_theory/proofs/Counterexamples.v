(* Counterexamples in exact arithmetic. *)
Require Import Reals Lra List.
From Vas Require Import Sums.
Import ListNotations.
Open Scope R_scope.
Section PositiveFisher. (* uniform on three arms, feature (1, -1, 0), rewards (0, 0, 1) *)
Definition arms3 := [(1/3, (1, 0)); (1/3, (-1, 0)); (1/3, (0, 1))].
Definition pr (a : R * (R * R)) := fst a. Definition ft (a : R * (R * R)) := fst (snd a). Definition rw (a : R * (R * R)) := snd (snd a).
Definition mean f := sum_over (fun a => pr a * f a) arms3.
Definition score a := ft a - mean ft.
(* A06 *)
Theorem positive_fisher_zero_gradient : mean (fun a => score a ^2) = 2/3 /\ mean (fun a => (rw a - mean rw)^2) = 2/9 /\ mean (fun a => score a * rw a) = 0.
Proof. unfold score, mean, arms3, pr, ft, rw; cbn [sum_over fst snd]. repeat split; field. Qed.
(* A06 *)
Theorem no_bound_from_positive_fisher c : 0 < c -> ~ (c * mean (fun a => (rw a - mean rw)^2) <= (mean (fun a => score a * rw a))^2).
Proof. destruct positive_fisher_zero_gradient as [_ [-> ->]]. intros; lra. Qed.
End PositiveFisher.
