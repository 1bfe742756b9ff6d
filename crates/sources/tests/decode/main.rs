//! What decks and carts play, against files that other programs make and what those say is in them.

mod damaged;
mod files;
mod gapless;
mod lossless;
mod mixed;
mod refused;
mod seeking;
mod tagged;
