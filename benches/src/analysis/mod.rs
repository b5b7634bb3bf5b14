//! Drumfire's analysis against other ways to the same table.
//!
//! A run directory of any size is made up (`made_up`), and then whoever takes part (`readers`) reads it in turns
//! (`comparison`): the analysis itself, DuckDB with the same question in SQL, and a program that does nothing but this one
//! thing (`floor`). All are held to the same answer (`answer`).

pub mod answer;
pub mod comparison;
pub mod floor;
pub mod made_up;
pub mod readers;
