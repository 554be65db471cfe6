//! Client connections. A client that receives too slowly is disconnected, and a request that is not HTTP is refused with a
//! problem.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::problem::{Code, Problem};

/// Maximum number of connections at a time.
const MAX_CONNECTIONS: u64 = 16_384;

/// The maximum number of connections of a process that may open `open_files` files. A quarter of these is left for the index and
/// for uploads.
pub(super) fn max_connections(open_files: u64) -> usize {
    usize::try_from((open_files - open_files / 4).clamp(1, MAX_CONNECTIONS)).unwrap_or(1)
}

/// The maximum number of files that this process may have open.
pub(super) fn max_open_files() -> u64 {
    #[cfg(unix)]
    return rlimit::Resource::NOFILE.get_soft().unwrap_or(1024);
    #[cfg(not(unix))]
    return MAX_CONNECTIONS;
}

/// The minimum rate at which a client must receive.
#[derive(Debug, Clone, Copy)]
pub(super) struct WritePace {
    /// Time in which the client must receive `min_bytes`, while more is to be written.
    pub(super) window: Duration,
    pub(super) min_bytes: usize,
}

impl Default for WritePace {
    fn default() -> Self {
        Self { window: Duration::from_secs(10), min_bytes: 16 << 10 }
    }
}

/// The stream of a client.
#[derive(Debug)]
pub(super) struct ClientStream<S> {
    inner: S,
    pace: WritePace,
    /// The current window, while the client has not received everything that is written.
    window: Option<Window>,
    /// A refusal that replaces hyper's, and the number of bytes that are written.
    refusal: Option<(Vec<u8>, usize)>,
}

#[derive(Debug)]
struct Window {
    end: Pin<Box<Sleep>>,
    /// Bytes that were received within it.
    taken: usize,
}

impl<S: AsyncWrite + Unpin> ClientStream<S> {
    pub(super) fn new(inner: S, pace: WritePace) -> Self {
        Self { inner, pace, window: None, refusal: None }
    }

    /// Writes as much as the client receives.
    ///
    /// # Errors
    /// `TimedOut` if it receives too slowly.
    fn write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Poll::Ready(outcome) = Pin::new(&mut self.inner).poll_write(context, bytes) {
            if let (Some(window), Ok(taken)) = (&mut self.window, &outcome) {
                window.taken += taken;
            }
            return Poll::Ready(outcome);
        }
        loop {
            let pace = self.pace;
            let open = || Window { end: Box::pin(sleep(pace.window)), taken: 0 };
            let window = self.window.get_or_insert_with(open);
            ready!(window.end.as_mut().poll(context));
            if window.taken < pace.min_bytes {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads too slowly")));
            }
            self.window = None;
        }
    }

    /// Writes the whole refusal.
    fn write_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((text, written)) = self.refusal.take() {
            if written == text.len() {
                break;
            }
            let outcome = self.write(context, &text[written..]);
            let taken = if let Poll::Ready(Ok(taken)) = outcome { taken } else { 0 };
            self.refusal = Some((text, written + taken));
            ready!(outcome)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ClientStream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.refusal.is_none() {
            let Some(text) = refusal_with_body(bytes) else { return this.write(context, bytes) };
            this.refusal = Some((text, 0));
        }
        ready!(this.write_refusal(context))?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // The client has received everything.
        this.window = None;
        Pin::new(&mut this.inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ClientStream<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_read(context, buffer)
    }
}

/// hyper refuses requests that are not HTTP, or have a head that is too large, before any route, and without a body. Returns its
/// response with a problem as the body; `None` for a response of a route, which has a request id.
fn refusal_with_body(bytes: &[u8]) -> Option<Vec<u8>> {
    let head = std::str::from_utf8(bytes).ok()?.strip_suffix("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.get(2..5)?;
    let is_bare = head.contains("\r\ncontent-length: 0") && !head.contains("\r\nx-request-id:");
    let problem = match status {
        _ if !is_bare => return None,
        "400" => Problem::new(Code::BadRequest, "the request is not HTTP/1.1 as it should be"),
        "414" => Problem::new(Code::UriTooLong, "the address is longer than the server reads"),
        "431" => Problem::new(Code::HeadTooLarge, "the headers are larger than the server reads"),
        _ => return None,
    };
    let body = serde_json::to_string(&problem.body(String::new())).ok()?;
    let fields = format!("content-type: application/problem+json\r\ncontent-length: {}", body.len());
    Some(format!("{}\r\n\r\n{body}", head.replace("content-length: 0", &fields)).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    mod pace {
        use tokio::net::UnixStream;

        use super::*;

        const PACE: WritePace = WritePace { window: Duration::from_millis(50), min_bytes: 100 };

        /// More than the system buffers.
        const LONG: usize = 4 << 20;

        async fn write_all(stream: &mut ClientStream<UnixStream>, mut bytes: &[u8]) -> io::Result<()> {
            while !bytes.is_empty() {
                let written = std::future::poll_fn(|context| Pin::new(&mut *stream).poll_write(context, bytes)).await?;
                bytes = &bytes[written..];
            }
            std::future::poll_fn(|context| Pin::new(&mut *stream).poll_flush(context)).await
        }

        /// Reads at most `most` bytes at a time, with a pause after each read, until the other end closes.
        async fn read(stream: UnixStream, most: usize, pause: Duration) {
            let mut part = vec![0; most];
            loop {
                stream.readable().await.expect("a socket");
                match stream.try_read(&mut part) {
                    Ok(0) => return,
                    Ok(_) => tokio::time::sleep(pause).await,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(_) => return,
                }
            }
        }

        #[tokio::test]
        async fn a_reader_that_takes_too_little_is_given_up() {
            let (server, client) = UnixStream::pair().expect("sockets");
            let reading = tokio::spawn(read(client, 1, Duration::from_millis(5)));
            let mut stream = ClientStream::new(server, PACE);
            let outcome = write_all(&mut stream, &vec![b'x'; LONG]).await;
            assert_eq!(outcome.map_err(|error| error.kind()), Err(io::ErrorKind::TimedOut));
            reading.abort();
        }

        #[tokio::test]
        async fn a_reader_that_pauses_between_answers_is_not_given_up() {
            let (server, client) = UnixStream::pair().expect("sockets");
            let reading = tokio::spawn(read(client, 64 << 10, Duration::ZERO));
            let mut stream = ClientStream::new(server, WritePace { window: Duration::from_millis(200), min_bytes: 1 });
            for _ in 0..2 {
                write_all(&mut stream, &vec![b'x'; LONG]).await.expect("it is read");
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            drop(stream);
            reading.await.expect("it ends with the stream");
        }
    }

    #[test]
    fn what_hyper_refuses_gets_a_body() {
        let bare = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let whole = String::from_utf8(refusal_with_body(bare.as_bytes()).expect("a refusal")).expect("text");
        let (head, body) = whole.split_once("\r\n\r\n").expect("a head");
        assert!(
            head.contains(&format!("content-length: {}", body.len())) && body.contains("\"status\":431"),
            "{whole}"
        );
        let ours = "HTTP/1.1 400 Bad Request\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n";
        assert!(refusal_with_body(ours.as_bytes()).is_none());
        assert!(refusal_with_body(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_none());
    }

    #[test]
    fn connections_leave_files_for_others() {
        assert_eq!(max_connections(1024), 768);
        assert_eq!(max_connections(0), 1);
        assert_eq!(max_connections(u64::MAX), 16_384);
    }
}
