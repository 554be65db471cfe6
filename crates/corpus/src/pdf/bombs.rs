//! Detects decompression bombs: streams that unpack to far more than their size.
//!
//! The PDF library unpacks a stream as a whole, so the unpacked size must be known before. Only a stream that could reach a
//! limit at the best ratio of its format is unpacked to measure it, without keeping the output.

use std::io::Read;

use flate2::read::ZlibDecoder;
use hayro_syntax::Filter;
use hayro_syntax::object::Stream;

use crate::ReadError;

/// Maximum unpacked size in bytes of the content of one page, one form or one font.
pub(super) const MAX_CONTENT: u64 = 128 << 20;
/// Maximum unpacked size in bytes of any other stream (object streams, cross-reference streams).
const MAX_STREAM: u64 = 256 << 20;
/// The best compression ratio of Deflate.
const MAX_DEFLATE_RATIO: u64 = 1032;
/// The best compression ratio of LZW and run-length encoding.
const MAX_OTHER_RATIO: u64 = 2_800;

/// Checks the streams that are unpacked when the file is opened.
///
/// # Errors
/// [`ReadError::Malformed`] if one of them is a decompression bomb.
pub(super) fn check_file(bytes: &[u8]) -> Result<(), ReadError> {
    let mut rest = bytes;
    while let Some(at) = find(rest, b"stream") {
        let dictionary = &rest[at.saturating_sub(400)..at];
        let data = &rest[at + b"stream".len()..];
        rest = data;
        if dictionary.ends_with(b"end") {
            continue;
        }
        let data = data.strip_prefix(b"\r\n").or_else(|| data.strip_prefix(b"\n")).unwrap_or(data);
        let packed = find(data, b"endstream").map_or(data, |end| &data[..end]);
        if find(dictionary, b"/Image").is_none() && inflated_size(packed, MAX_STREAM).is_none() {
            let reason = format!("a stream of {} bytes unpacks to more than {} MB", packed.len(), MAX_STREAM >> 20);
            return Err(ReadError::Malformed { format: "PDF", reason });
        }
        rest = &rest[packed.len().min(rest.len())..];
    }
    Ok(())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(at) = haystack.get(from..)?.iter().position(|byte| *byte == first) {
        if haystack[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// An upper bound of the unpacked size of a stream; `None` if that is more than [`MAX_CONTENT`].
pub(super) fn unpacked_size(stream: &Stream<'_>) -> Option<u64> {
    let packed = stream.raw_data();
    let mut packing = stream
        .filters()
        .into_iter()
        .filter(|filter| matches!(filter, Filter::FlateDecode | Filter::LzwDecode | Filter::RunLengthDecode));
    let first = packing.next();
    if packing.next().is_some() {
        // Compressed twice, which no program that writes papers does.
        return None;
    }
    match first {
        None => Some(packed.len() as u64),
        Some(Filter::FlateDecode) => inflated_size(&packed, MAX_CONTENT),
        Some(_) => Some(packed.len() as u64 * MAX_OTHER_RATIO).filter(|size| *size <= MAX_CONTENT * 16),
    }
}

fn inflated_size(packed: &[u8], limit: u64) -> Option<u64> {
    let most = packed.len() as u64 * MAX_DEFLATE_RATIO;
    if most <= limit {
        return Some(most.min(limit / 64));
    }
    let mut size = 0;
    let mut decoder = ZlibDecoder::new(packed);
    let mut sink = vec![0; 64 << 10];
    loop {
        match decoder.read(&mut sink) {
            Ok(0) | Err(_) => return Some(size),
            Ok(read) => size += read as u64,
        }
        if size > limit {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn deflate(size: usize) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        let zeros = vec![0; 1 << 20];
        for _ in 0..size >> 20 {
            encoder.write_all(&zeros).expect("writing to memory");
        }
        encoder.finish().expect("writing to memory")
    }

    #[test]
    fn a_bomb_is_refused_and_a_large_stream_is_not() {
        let file =
            |packed: &[u8]| [b"1 0 obj <</Filter/FlateDecode>> stream\r\n", packed, b"\r\nendstream endobj"].concat();
        assert!(check_file(&file(&deflate(300 << 20))).is_err());
        assert!(check_file(&file(&deflate(32 << 20))).is_ok());
        assert!(check_file(b"stream stream endstream stream").is_ok());
    }
}
