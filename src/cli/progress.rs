//! Shows the progress of an index run on one line, with the remaining time.

use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar};

use super::context::Context;
use crate::ingest::Progress;

/// A progress bar over the characters that are embedded, since embedding takes most of the time.
pub(super) struct IndexProgress {
    bar: ProgressBar,
    time_left: TimeLeft,
}

impl IndexProgress {
    pub(super) fn new(context: &Context) -> Self {
        // The message is truncated to the width of the terminal: the end of a longer line would remain on the screen.
        let bar = context.progress_bar("{bar:16} {wide_msg}");
        Self { bar, time_left: TimeLeft::default() }
    }

    pub(super) fn show(&mut self, progress: Progress) {
        let left = self.time_left.after(progress, Instant::now());
        self.bar.set_length(progress.expected.max(1));
        self.bar.set_position(progress.embedded);
        let left = left.map_or_else(String::new, |left| format!("{} left, ", rounded(left)));
        let paragraphs = HumanCount(progress.passages);
        self.bar.set_message(format!("{left}{}/{} papers, {paragraphs} paragraphs", progress.done, progress.files));
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Estimates the remaining time of a run.
#[derive(Debug, Default)]
struct TimeLeft {
    /// When the first characters were embedded, and how many. The time before that is spent on loading and reading.
    first: Option<(Instant, u64)>,
    end: Option<Instant>,
}

impl TimeLeft {
    /// Share of the work after which an estimate is given.
    const FIRST_SHARE: f64 = 0.02;

    /// Weight of a new estimate relative to the previous one. Between estimates the remaining time decreases by the
    /// elapsed time.
    const WEIGHT: f64 = 0.2;

    /// The remaining time at `now`.
    fn after(&mut self, progress: Progress, now: Instant) -> Option<Duration> {
        let Progress { embedded, expected, .. } = progress;
        if embedded == 0 {
            return None;
        }
        let (since, before) = *self.first.get_or_insert((now, embedded));
        let (done, elapsed) = ((embedded - before) as f64, now.duration_since(since).as_secs_f64());
        if done <= 0.0 || (embedded as f64) < Self::FIRST_SHARE * expected as f64 {
            return None;
        }
        let seconds = expected.saturating_sub(embedded) as f64 / done * elapsed;
        let left = match self.end.map(|end| end.saturating_duration_since(now).as_secs_f64()) {
            Some(known) => known + Self::WEIGHT * (seconds - known),
            None => seconds,
        };
        let left = Duration::try_from_secs_f64(left.max(0.0)).unwrap_or_default();
        self.end = now.checked_add(left);
        Some(left)
    }
}

/// A duration in a readable form, rounded up: `2 h 10 min`, `12 min`, `1 min 50 s`, `40 s`.
fn rounded(left: Duration) -> String {
    let seconds = left.as_secs();
    match seconds {
        0..60 => format!("{} s", seconds.div_ceil(5) * 5),
        60..600 => {
            let seconds = seconds.div_ceil(10) * 10;
            format!("{} min {} s", seconds / 60, seconds % 60)
        }
        600..3600 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_that_of_the_rest_at_the_same_speed() {
        let mut time_left = TimeLeft::default();
        let start = Instant::now();
        let after = |time_left: &mut TimeLeft, seconds: u64, embedded: u64| {
            let progress = Progress { embedded, expected: 1000, ..Progress::default() };
            time_left.after(progress, start + Duration::from_secs(seconds)).map(|left| left.as_secs())
        };
        assert_eq!(after(&mut time_left, 30, 0), None, "the model is being loaded");
        assert_eq!(after(&mut time_left, 31, 10), None, "too little to say");
        assert_eq!(after(&mut time_left, 41, 110), Some(89));
        assert_eq!(after(&mut time_left, 51, 210), Some(79));
        // The estimate also decreases without reports, and does not jump when a slower part begins.
        let left = after(&mut time_left, 71, 310).expect("an estimate");
        assert!((59..70).contains(&left), "{left}");
        assert_eq!(after(&mut time_left, 200, 1000), Some(0));
    }

    #[test]
    fn times_are_rounded_up() {
        let text = |seconds| rounded(Duration::from_secs(seconds));
        assert_eq!([0, 41, 61, 601, 7800].map(text), ["0 s", "45 s", "1 min 10 s", "11 min", "2 h 10 min"]);
    }
}
