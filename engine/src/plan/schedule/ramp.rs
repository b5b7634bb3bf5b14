//! Rates and numbers of virtual users as functions of time, made of straight pieces.

use runlog::units::Nanos;

/// A stage: over this time, straight from where the stage before ended to this target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// How long it takes; zero for a jump.
    pub duration: Nanos,
    /// Arrivals per second, or virtual users, at its end.
    pub target: f64,
}

/// A function of time made of straight pieces.
#[derive(Debug, Clone, PartialEq)]
pub struct Ramp {
    pub(super) pieces: Vec<Piece>,
}

/// A straight piece; never of length zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece {
    pub start: Nanos,
    pub end: Nanos,
    pub from: f64,
    pub to: f64,
    /// The area under all pieces before this one: target × seconds.
    pub area_before: f64,
}

impl Piece {
    fn seconds(&self) -> f64 {
        self.end.since(self.start).as_secs_f64()
    }

    pub fn area(&self) -> f64 {
        f64::midpoint(self.from, self.to) * self.seconds()
    }

    /// The change of the target per second.
    fn slope(&self) -> f64 {
        (self.to - self.from) / self.seconds()
    }

    fn at(&self, t: Nanos) -> f64 {
        self.from + self.slope() * t.since(self.start).as_secs_f64()
    }

    /// When the area under this piece alone reaches `area`, in seconds from its start.
    pub fn seconds_until_area(&self, area: f64) -> f64 {
        // from·x + slope/2·x² = area, in the form that does not cancel when the slope is small.
        let discriminant = (self.from * self.from + 2.0 * self.slope() * area).max(0.0);
        let divisor = self.from + discriminant.sqrt();
        if divisor > 0.0 { 2.0 * area / divisor } else { 0.0 }
    }

    /// The area under this piece up to an instant on it.
    fn area_until(&self, t: Nanos) -> f64 {
        f64::midpoint(self.from, self.at(t)) * t.since(self.start).as_secs_f64()
    }

    /// When the target reaches `value` on this piece, which must not be level.
    pub fn time_of(&self, value: f64) -> Nanos {
        let seconds = ((value - self.from) / self.slope()).clamp(0.0, self.seconds());
        self.start.after(nanos(seconds))
    }
}

pub(super) fn nanos(seconds: f64) -> Nanos {
    Nanos((seconds * 1e9).round() as u64)
}

impl Ramp {
    /// Stages one after another, from a target at t=0.
    pub fn new(start: f64, stages: &[Stage]) -> Self {
        let mut pieces: Vec<Piece> = Vec::with_capacity(stages.len());
        let (mut now, mut level, mut area) = (Nanos::ZERO, start, 0.0);
        for stage in stages {
            let end = now.after(stage.duration);
            if end > now {
                let piece = Piece { start: now, end, from: level, to: stage.target, area_before: area };
                area += piece.area();
                pieces.push(piece);
            }
            (now, level) = (end, stage.target);
        }
        Self { pieces }
    }

    /// The same target all the time.
    pub fn constant(target: f64, duration: Nanos) -> Self {
        Self::new(target, &[Stage { duration, target }])
    }

    /// When it ends.
    pub fn duration(&self) -> Nanos {
        self.pieces.last().map_or(Nanos::ZERO, |piece| piece.end)
    }

    /// The highest target.
    pub fn peak(&self) -> f64 {
        self.pieces.iter().map(|piece| piece.from.max(piece.to)).fold(0.0, f64::max)
    }

    /// The target at an instant; zero after the end.
    pub fn at(&self, t: Nanos) -> f64 {
        self.pieces.iter().find(|piece| t < piece.end).map_or(0.0, |piece| piece.at(t))
    }

    /// The area under the whole: how many arrivals a ramp of rates brings.
    pub fn area(&self) -> f64 {
        self.pieces.last().map_or(0.0, |piece| piece.area_before + piece.area())
    }

    /// The area up to an instant.
    pub fn area_until(&self, t: Nanos) -> f64 {
        let piece = self.pieces.iter().find(|piece| t < piece.end);
        piece.map_or_else(|| self.area(), |piece| piece.area_before + piece.area_until(t))
    }

    /// From when on the target is zero for good.
    pub fn fades_at(&self) -> Nanos {
        self.pieces.iter().rev().find(|piece| piece.area() > 0.0).map_or(Nanos::ZERO, |piece| piece.end)
    }

    /// Where each piece ends, and the target it has led to by then.
    pub fn ends(&self) -> impl Iterator<Item = (Nanos, f64)> {
        self.pieces.iter().map(|piece| (piece.end, piece.to))
    }
}
