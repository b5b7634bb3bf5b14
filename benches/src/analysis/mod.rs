//! Drumfire's analysis against other ways to the same table.
//!
//! A run directory of any size is made up (`made_up`), and then whoever takes part reads it in turns: the analysis itself,
//! DuckDB with the same question in SQL, and a program that does nothing but this one thing (`floor`).

pub mod floor;
pub mod made_up;
