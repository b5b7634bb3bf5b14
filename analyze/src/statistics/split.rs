//! Where something that holds at low levels stops holding: of outcomes by ascending level, the one place that parts them best.

/// What came of a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// What it counts: how long it lasted, or how often it was seen.
    pub weight: f64,
    /// Whether it held; unknown where there was too little to tell, which counts for neither.
    pub held: Option<bool>,
}

/// How many of the levels, from the lowest on, are those at which it holds: the place for which the weight of those that did not hold
/// below it and of those that held above is the least; the lowest such place. A single bad second at a low level, or a lucky
/// one at a high one, moves nothing.
///
/// This is isotonic regression of what is either 0 or 1, by absolute errors (Robertson, Wright, Dykstra: Order Restricted
/// Statistical Inference, 1988, chapter 1).
pub fn split(outcomes: &[Outcome]) -> usize {
    let weight = |outcome: &Outcome, held: bool| if outcome.held == Some(held) { outcome.weight } else { 0.0 };
    let mut wrong: f64 = outcomes.iter().map(|outcome| weight(outcome, true)).sum();
    let (mut best, mut least) = (0, wrong);
    for (place, outcome) in outcomes.iter().enumerate() {
        wrong += weight(outcome, false) - weight(outcome, true);
        // Sums of fractions are not exact.
        if wrong < least - 1e-9 {
            (best, least) = (place + 1, wrong);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> usize {
        let outcome = |letter: char| Outcome {
            weight: 1.0,
            held: match letter {
                '+' => Some(true),
                '-' => Some(false),
                _ => None,
            },
        };
        split(&text.chars().map(outcome).collect::<Vec<_>>())
    }

    #[test]
    fn single_exceptions_move_nothing() {
        for (text, expected) in [
            ("", 0),
            ("++++", 4),
            ("----", 0),
            ("+++--", 3),
            ("-+++--", 4),
            ("++-++---", 5),
            ("+++--+--", 3),
            ("++??--", 2),
            ("+-", 1),
            ("-+", 0),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn what_lasted_longer_counts_for_more() {
        let outcomes = [(1.0, true), (1.0, false), (5.0, true), (1.0, false)]
            .map(|(weight, held)| Outcome { weight, held: Some(held) });
        assert_eq!(split(&outcomes), 3);
    }

    proptest! {
        #[test]
        fn no_other_place_parts_them_better(held in prop::collection::vec(prop::option::of(any::<bool>()), 0..20)) {
            let outcomes: Vec<Outcome> = held.iter().map(|&held| Outcome { weight: 1.0, held }).collect();
            let wrong = |place: usize| {
                let below = outcomes[..place].iter().filter(|outcome| outcome.held == Some(false)).count();
                below + outcomes[place..].iter().filter(|outcome| outcome.held == Some(true)).count()
            };
            let found = split(&outcomes);
            prop_assert!((0..=outcomes.len()).all(|place| wrong(found) <= wrong(place)));
            prop_assert!((0..found).all(|place| wrong(found) < wrong(place)), "the lowest of the best");
        }
    }
}
