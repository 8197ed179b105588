#pragma once
// The findings as the page's script reads them: repeated texts in tables, each finding a list of
// columns (app.js names them).

#include "report/internal/output.hpp"

namespace tally::report {

// Writes JSON that may stand inside a <script> element: it holds no `<`.
void write_html_data(Output& output, const finding::Assessment& assessment);

}  // namespace tally::report
