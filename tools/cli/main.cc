// gemini-image: the library's command line.

#include <CLI/CLI.hpp>

#include "diagnose.h"
#include "exit_code.h"
#include "generate.h"
#include "quota.h"
#include "verify.h"

int main(int argc, char** argv) {
  CLI::App app("Draws pictures with Gemini, or says honestly why not.",
               "gemini-image");
  app.require_subcommand(1);
  int exit_code = gemini::cli::kExitImages;
  gemini::cli::AddGenerate(&app, &exit_code);
  gemini::cli::AddDiagnose(&app, &exit_code);
  gemini::cli::AddQuota(&app, &exit_code);
  gemini::cli::AddVerify(&app, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? gemini::cli::kExitImages
                                : gemini::cli::kExitUsage;
  }
  return exit_code;
}
