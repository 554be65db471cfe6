//! The pace at which the body of an upload must come.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use futures_util::stream::unfold;
use futures_util::{Stream, StreamExt};

use super::problem::{Code, Problem};

/// Maximum time between two parts of a body.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Time after which a body must be received at [`MIN_BYTES_PER_S`] on average.
const RATE_GRACE: Duration = Duration::from_secs(10);
const MIN_BYTES_PER_S: u64 = 1024;

/// Maximum number of bytes of a form before its first file, between two files and after the last. The parser of forms keeps them in
/// memory, and searches all of them again for each part that comes.
const MAX_BETWEEN_FILES: u64 = 64 << 10;

/// How a body comes: shared by its stream, which ends with an error if it is too slow, and by who reads it.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Progress>);

#[derive(Debug, Default)]
struct Progress {
    /// Time in which the client was waited for, since the current file began.
    waited: Duration,
    /// Bytes of the current file.
    received: u64,
    /// Bytes since the head of the next file is looked for.
    between: Option<u64>,
    /// Why the body is given up.
    refusal: Option<Problem>,
}

impl Pace {
    /// The head of the next file of a form is looked for.
    pub(super) fn expect_head(&self) {
        self.progress().between = Some(0);
    }

    /// A file of a form begins.
    pub(super) fn begin_file(&self) {
        *self.progress() = Progress::default();
    }

    /// Why the body cannot be read: because it was given up, or else because of `other`.
    pub(super) fn problem(&self, other: &str) -> Problem {
        self.progress().refusal.clone().unwrap_or_else(|| Problem::new(Code::InvalidBody, other))
    }

    /// Notes that `bytes` came after `waited`; fails if the body is to be given up.
    fn note(&self, waited: Duration, bytes: u64) -> io::Result<()> {
        let mut progress = self.progress();
        let refusal = progress.refusal(waited, bytes);
        progress.refusal = refusal;
        if progress.refusal.is_some() { Err(io::ErrorKind::InvalidData.into()) } else { Ok(()) }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn refusal(&mut self, waited: Duration, bytes: u64) -> Option<Problem> {
        self.waited += waited;
        self.received += bytes;
        if waited >= IDLE_TIMEOUT {
            return Some(Problem::new(Code::SlowBody, "nothing came for half a minute"));
        }
        if is_too_slow(self.waited, self.received) {
            let detail = format!("a body has to come at {MIN_BYTES_PER_S} bytes a second");
            return Some(Problem::new(Code::SlowBody, detail));
        }
        // The part that came before may have the head, whatever its size.
        if self.between.is_some_and(|between| between > MAX_BETWEEN_FILES) {
            let detail = format!("a form has at most {MAX_BETWEEN_FILES} bytes before, between and after its files");
            return Some(Problem::new(Code::InvalidBody, detail));
        }
        self.between = self.between.map(|between| between + bytes);
        None
    }
}

/// The parts of a body, as long as they come at the pace that is needed. Who polls it more than once in a row gets only one part, so
/// that a parser looks at each before the next comes.
pub(super) fn paced(body: Body, pace: Arc<Pace>) -> impl Stream<Item = io::Result<Bytes>> + Send {
    unfold(Some((body.into_data_stream(), pace)), |state| async move {
        let (mut bytes, pace) = state?;
        tokio::task::yield_now().await;
        let began = Instant::now();
        let part = match tokio::time::timeout(IDLE_TIMEOUT, bytes.next()).await {
            Ok(None) => return None,
            Ok(Some(part)) => part.map_err(io::Error::other),
            Err(_) => Ok(Bytes::new()),
        };
        let part = part.and_then(|part| pace.note(began.elapsed(), part.len() as u64).map(|()| part));
        let next = part.is_ok().then_some((bytes, pace));
        Some((part, next))
    })
}

fn is_too_slow(elapsed: Duration, received: u64) -> bool {
    elapsed > RATE_GRACE && received < (elapsed - RATE_GRACE).as_secs() * MIN_BYTES_PER_S
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trickling_body_is_given_up_and_a_slow_one_is_not() {
        let seconds = Duration::from_secs;
        assert!(!is_too_slow(seconds(5), 0), "it may take its time to begin");
        assert!(is_too_slow(seconds(20), 20));
        assert!(!is_too_slow(seconds(20), 10 * MIN_BYTES_PER_S));
        assert!(is_too_slow(seconds(600), 10 * MIN_BYTES_PER_S));
    }

    #[test]
    fn what_comes_between_files_is_limited_and_each_file_has_time_of_its_own() {
        let (moment, pace) = (Duration::from_secs(1), Pace::default());
        pace.expect_head();
        pace.note(moment, 300 << 10).expect("one part may have the head, whatever its size");
        pace.note(moment, 1).expect_err("the head has not come");
        assert_eq!(pace.problem("other").code, Code::InvalidBody);
        let pace = Pace::default();
        pace.begin_file();
        pace.note(moment * 20, 15 << 10).expect("fast enough");
        pace.note(moment * 20, 0).expect_err("too slow");
        assert_eq!(pace.problem("other").code, Code::SlowBody);
        pace.begin_file();
        pace.note(moment * 5, 0).expect("another file");
        pace.note(IDLE_TIMEOUT, 0).expect_err("silence");
    }
}
