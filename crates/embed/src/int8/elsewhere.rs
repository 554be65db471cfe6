//! Replaces `int8` on processor architectures where it is not available.

use rust_bert::bert::BertConfig;

use super::EmbedError;
use super::checkpoint::Checkpoint;
use super::halves::{Half, OtherHalfLost};
use super::model::Pooling;
use super::prefix::{Prefix, TextSize};

/// Cannot be constructed.
#[derive(Debug)]
pub(super) enum Transformer {}

/// No buffers.
#[derive(Debug, Default)]
pub(super) struct Scratch;

impl Transformer {
    pub(super) fn fits(_: &BertConfig) -> bool {
        false
    }

    pub(super) fn load(_: &Checkpoint, _: &BertConfig, _: Option<&Prefix>) -> Result<Self, EmbedError> {
        Err(EmbedError::NoInt8)
    }

    pub(super) fn embed(&self, _: &mut [f32], _: &[TextSize], _: &mut Scratch) {
        match *self {}
    }

    pub(super) fn forward(&self, _: &mut [f32], _: &[TextSize], _: Pooling, _: &mut Scratch) -> Vec<Vec<f32>> {
        match *self {}
    }

    pub(super) fn forward_layer(&self, _: usize, _: &mut [f32], _: &[TextSize], _: Pooling, _: &mut Scratch) {
        match *self {}
    }

    pub(super) fn pool(&self, _: &[f32], _: &[TextSize], _: Pooling) -> Vec<Vec<f32>> {
        match *self {}
    }

    pub(super) fn width(&self) -> usize {
        match *self {}
    }

    pub(super) fn depth(&self) -> usize {
        match *self {}
    }

    pub(super) fn forward_half(&self, _: Half, _: Pooling, _: &mut Scratch) -> Result<Option<Vec<f32>>, OtherHalfLost> {
        match *self {}
    }
}
