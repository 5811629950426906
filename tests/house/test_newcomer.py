"""What people found who met hilum for the first time, and the tests that keep each of it mended.

`FINDINGS` and `STRENGTHS` name the tests; a row fails where one of them is gone. `PHRASES` are sentences that were read
wrongly: the old ones stand in no text of the sources any more, the new ones do.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from user_texts import SOURCES, texts

TESTS = Path(__file__).resolve().parents[1]

FINDINGS: dict[str, Sequence[str]] = {
    "adults, animals and turned chests got a decision of a model for children": (
        "reading/decision/test_scope.py::test_an_age_that_is_not_known_decides_nothing",
        "reading/test_pipeline.py::test_a_picture_that_is_not_as_in_training_has_no_decision",
        "imaging/dicom/test_tags.py::test_an_animal_is_named_where_the_tags_say_so",
        "cli/options/test_statements.py::test_without_an_age_nothing_is_decided_and_with_one_it_is",
        "cli/options/test_statements.py::test_a_table_in_the_folder_says_it_of_each_image",
    ),
    "the card of a model of one's own named data that it never saw": (
        "training/own/test_train.py::test_the_card_tells_of_the_table_alone",
        "cli/train/test_card.py::test_neither_card_nor_command_nor_page_tells_of_another_training",
    ),
    "no page said how to train on one's own table": (
        "house/test_docs_snippets.py::test_snippets_run",
        "training/own/test_train.py::test_what_is_stated_goes_onto_the_card_and_a_table_without_patients_is_by_image",
    ),
    "scores in a CSV or from pandas could not be judged": (
        "cli/test_judge.py::test_a_csv_with_a_protocol_is_judged",
        "cli/test_judge.py::test_a_csv_with_a_validation_split_gives_decisions_and_so_do_two_files",
        "evaluation/predictions/test_anybodys_scores.py::test_parquet_of_pandas_is_as_a_csv_and_hilums_own_says_everything_itself",
        "cli/test_compare.py::test_csvs_of_anybody_are_compared_once_their_protocol_is_said",
    ),
    "an interval of no width stood at a share of all": (
        "cli/test_judge.py::test_intervals_at_one_have_width",
        "evaluation/judging/test_judge.py::test_shares_of_all_have_wilsons_width",
    ),
    "published work went by numbers of our own": (
        "house/test_language.py::test_no_message_of_any_room_hides_the_fix",
        "evaluation/bundles/test_evaluate.py::test_a_papers_table_is_shown_beside_the_bundle_that_reproduces_it_alone",
        "systems/test_table.py::test_a_name_that_is_none_is_refused_with_those_that_are",
    ),
    "a hospital got files alone: no service, listener, DICOM object, log or file of settings": (
        "cli/test_serve.py::test_what_was_accepted_survives_kill_9_and_no_log_holds_a_name",
        "cli/test_listen.py::test_every_image_has_one_of_each_object_whatever_is_killed",
        "cli/read/test_format.py::test_objects_stand_beside_page_and_json",
        "cli/terminal/test_messages.py::test_json_lines",
        "cli/options/test_settings.py::test_doctor_lists_what_is_set_and_by_what",
    ),
    "one finding alone was decided, and a release of adults with boxes was unknown": (
        "reading/test_shipped_models.py::test_of_the_adults_fourteen_findings_five_are_decided_and_nine_say_why_not",
        "datasets/releases/test_vindr_cxr.py::test_a_label_is_what_most_radiologists_say_and_boxes_are_those_of_all",
    ),
    "controls lay below the fold, and the heatmap covered the picture first": (
        "report/test_page_layout.py::test_image_controls_and_result_are_seen_together_on_a_laptop",
        "report/test_page_browser.py::test_the_plain_radiograph_comes_first_and_the_map_is_one_key_or_slider_away",
        "report/test_page_browser.py::test_the_ruler_measures_in_mm_by_the_spacing_of_rows_and_columns",
        "report/test_page_browser.py::test_one_to_one_shows_a_pixel_of_the_image_on_a_pixel_of_the_screen",
        "report/test_page_browser.py::test_side_by_side_shows_the_plain_image_and_the_map",
        "report/test_page_browser.py::test_the_viewer_fills_the_screen_and_comes_back",
        "report/test_page_browser.py::test_a_double_click_takes_everything_back",
        "report/test_page_browser.py::test_keys_lead_to_the_pages_before_and_after",
    ),
    "the headline was written for statisticians": (
        "report/test_headline.py::test_what_is_flagged_stands_with_its_probability_and_threshold",
        "report/test_headline.py::test_no_decision_gives_the_reason",
        "report/test_page_layout.py::test_what_is_for_those_who_ask_is_closed",
    ),
    "a reading printed on nine sheets": ("report/test_page_layout.py::test_a_reading_prints_on_one_page",),
    "in Python results could not be drawn or tabled, and slips were called defects": (
        "results/test_result.py::test_it_shows_itself_in_a_notebook_and_escapes_what_others_wrote",
        "results/test_result.py::test_a_plot_counts_native_pixels",
        "results/test_result.py::test_a_table_has_one_row_a_finding",
        "results/test_read.py::test_an_archive_a_list_and_a_generator",
        "results/test_read.py::test_what_is_no_source_is_said_in_one_line",
        "reading/input/test_sources.py::test_all_ways_lead_to_the_same_logit",
    ),
    "lungs were drawn on a ball, and what was written was not said": (
        "cli/test_segment_gate.py::test_what_is_no_chest_gets_no_lungs_and_says_so",
        "cli/test_segment.py::test_what_was_written_is_said",
        "cli/test_segment.py::test_files_named_one_by_one_lie_side_by_side",
    ),
    "tables of two models broke at 80 columns": (
        "cli/read/test_command.py::test_tables_of_two_models_fit_80_columns",
        "report/test_terminal.py::test_two_models_stay_tables_in_eighty_columns",
    ),
    "help had no examples, types of flags and lines that broke early; names were not completed": (
        "cli/test_help.py::test_each_has_an_example_that_calls_it",
        "cli/test_help.py::test_each_fits_80_columns_and_breaks_no_line_early",
        "cli/test_help.py::test_what_must_be_given_is_marked",
        "cli/test_main.py::test_shell_completion_knows_commands_and_their_options",
        "cli/options/test_completion.py::test_names_come_before_paths",
    ),
    "names and defaults of options did not agree": (
        "cli/test_help.py::test_options_are_said_alike_everywhere",
        "bundle/test_shelf.py::test_a_run_is_its_model_once_it_has_one",
        "bundle/test_shelf.py::test_the_case_of_a_name_does_not_matter",
    ),
    "evaluate took a split that one's own data lack, and each folder counted anew": (
        "cli/test_evaluate.py::test_without_a_test_part_the_only_one_is_evaluated_and_several_are_listed",
        "evaluation/bundles/test_ledger.py::test_one_file_a_project_wherever_a_command_is_given",
    ),
    "a comparison had no report, no figure and two models at most": (
        "cli/test_compare.py::test_the_report",
        "cli/test_compare.py::test_three_models_and_every_pair",
        "cli/test_compare.py::test_one_label_has_no_t_test",
        "evaluation/report/test_comparison_figures.py::test_two_models_have_their_difference_beside_the_curves",
    ),
    "the index could not be sorted by eye, nor opened with thousands of rows": (
        "report/test_index_browser.py::test_the_index_filters_and_sorts",
        "report/test_index_page.py::test_every_file_has_a_row_and_the_most_urgent_comes_first",
        "report/test_index_page.py::test_five_thousand_files_stay_small",
        "report/test_readings_csv.py::test_a_row_a_file_with_columns_for_each_finding",
    ),
    "the README was a dump of results": (
        "house/test_docs_reference.py::test_the_readme_can_be_read_in_one_sitting",
        "house/test_newcomer.py::test_the_readme_shows_a_page_three_commands_and_its_peers",
    ),
    "the command that installs does not work as written": (
        "house/test_newcomer.py::test_no_page_installs_from_an_index_that_has_no_hilum",
        "house/test_wheel.py::test_the_wheel_alone_reads_a_phantom",
    ),
    "messages said what was expected and what came, and hid the fix": (
        "house/test_language.py::test_no_message_of_any_room_hides_the_fix",
        "cli/test_help.py::test_a_slip_gets_the_nearest_name_or_what_is_missing",
        "training/own/test_train.py::test_data_without_both_outcomes_are_refused",
    ),
    "the list of models was paragraphs with the outputs of the gate": (
        "cli/test_models.py::test_the_table_of_what_ships_fits_80_columns",
        "cli/test_models.py::test_of_a_gate_show_says_what_it_recognises_and_of_lungs_what_is_outlined",
        "cli/test_help.py::test_recipes_and_studies_are_listed_a_line_each",
    ),
    "a child's lungs were not trusted, and then nothing was said of the heatmap": (
        "reading/test_reader_lungs.py::test_a_childs_chest_is_drawn_and_named",
        "reading/test_reader_lungs.py::test_without_trust_it_reads_the_whole_picture_and_says_so",
        "reading/test_reader_lungs.py::test_the_heatmaps_share_inside_and_the_warning",
    ),
    "nothing helped to share results without names": (
        "cli/read/test_anonymous.py::test_anonymous_results_name_no_file_and_go_on_as_others_do",
        "cli/read/test_anonymous.py::test_no_images_writes_numbers_alone_and_removes_the_pictures_of_before",
        "anonymous/test_neutral.py::test_no_name_path_or_uid_is_left_in_the_json",
        "anonymous/test_burned_in.py::test_a_line_of_text_is_found_where_it_stands_and_nothing_else",
    ),
    "an inverted picture was read all the same": (
        "reading/test_pipeline.py::test_a_picture_that_is_not_as_in_training_has_no_decision",
        "reading/test_pipeline.py::test_the_other_polarity_is_read_where_the_user_asks",
    ),
    "figures of reports were small, and an axis said what was not so": (
        "evaluation/report/test_page_browser.py::test_every_picture_is_drawn_at_a_readable_size",
        "evaluation/report/test_label_figures.py::test_reliability_shows_every_bin_and_the_error",
        "evaluation/report/test_write.py::test_what_only_the_authors_know_is_folded_where_little_is_filled",
        "cli/test_judge.py::test_one_label_has_no_mean",
    ),
    "a part of a release that was meant ended as an error": (
        "cli/data/test_command.py::test_a_part_of_a_release_that_is_meant_ends_with_0_and_says_what_is_missing",
    ),
    "a folder with a file that fails for good ended as an error for ever": (
        "cli/read/test_resume.py::test_what_failed_for_good_is_not_tried_again",
    ),
    "a log stayed empty until the end": (
        "test_progress.py::test_lines_come_now_and_then_and_say_what_is_left",
        "cli/terminal/test_messages.py::test_log_file_gets_every_line_with_its_time_and_the_terminal_stays_quiet",
        "cli/terminal/test_messages.py::test_a_batch_is_announced_and_its_failure_is_said",
    ),
}
"""What was found, in the order in which it harmed, and the tests that hold it."""

STRENGTHS: dict[str, Sequence[str]] = {
    "it reads from a small installation without torch and without a network": (
        "house/test_wheel.py::test_the_wheel_alone_reads_a_phantom",
        "house/test_no_torch.py::test_a_phantom_is_drawn_and_read",
    ),
    "the gate refuses what is no radiograph and says why": (
        "cli/read/test_gate.py::test_a_refusal_is_a_reading_with_exit_code_0",
        "reading/gate/test_tags.py::test_another_modality_is_refused_whatever_the_picture_looks_like",
    ),
    "DICOM of every sort is read or named with its remedy, and one bad file stops nothing": (
        "imaging/test_decode.py::test_every_real_dicom_decodes_and_the_lossless_ones_agree_to_the_bit",
        "imaging/test_decode.py::test_the_zstandard_stream_is_named",
        "cli/read/test_resume.py::test_signal_in_the_middle_leaves_whole_files_and_resume_goes_on",
        "cli/read/test_into_folder.py::test_second_process_on_a_folder_is_refused",
    ),
    "a page is one file that loads nothing, on every screen, in light and dark": (
        "report/test_page.py::test_nothing_is_loaded_from_outside",
        "report/test_page.py::test_the_policy_lets_only_these_blocks_run",
        "report/test_page_browser.py::test_nothing_stands_over_the_edge",
        "report/test_page_layout.py::test_axe_finds_nothing_of_any_weight",
    ),
    "an error is one line with the file and the remedy": (
        "cli/options/test_settings.py::test_what_a_file_has_wrong_is_one_line",
        "house/test_no_torch.py::test_a_command_that_trains_names_the_missing_part",
    ),
    "the report of an evaluation holds what a reviewer looks for": (
        "evaluation/report/test_write.py::test_what_a_reviewer_looks_for_is_there",
        "evaluation/report/test_write.py::test_every_figure_is_a_png_and_an_svg_and_stands_on_the_page",
    ),
    "thresholds come from other patients, and comparisons say what they may": (
        "cli/test_judge.py::test_with_validation",
        "cli/test_compare.py::test_other_images_are_refused_in_one_line",
    ),
    "data are counted against what was published": (
        "datasets/test_check.py::test_it_counts_what_is_there_against_tables_and_publication",
        "datasets/test_check.py::test_a_sound_folder_of_ones_own_is_sound_and_its_copies_are_counted",
    ),
    "a training goes on after any stop, and another in its folder is refused": (
        "training/test_kill.py::test_a_run_killed_at_fourteen_moments_ends_as_an_unbroken_one",
        "training/test_kill.py::test_another_recipe_setting_or_data_is_refused_in_the_same_folder",
        "training/test_kill.py::test_a_smoke_run_says_so_everywhere",
    ),
    "cards say what a model is not for, and hashes are verified": (
        "report/test_page.py::test_the_card_is_there_with_its_intervals_and_limits",
        "cli/test_doctor.py::test_what_loading_leaves_unread_is_verified_too",
    ),
}
"""What was excellent, and must not be lost."""

PHRASES: dict[str, str] = {
    r"above the operating point": r"flagged: ",
    r"not known of this one": r"the file gives no ",
    r"expected --data": r"Missing option: ",
    r"expected a split among": r"This run has no split ",
    r"came none among": r"has no label ",
    r"Table III of paper": r"Urinbayev et al\. 2020",
    r"Of a model that is no run, without --out the official": r"the result is printed and no report written",
    r"the drawing is doubtful": r"the outlines are uncertain",
    r"Unsure whether this may be read": r"Not read: ",
    r"nothing was looked for(?! in this)": r"no findings were computed",
    r"\d trusted, \d not trusted": r"Wrote ",
    r"passed over: ": r"skipped",
    r"its numbers count for nothing": r"Test run only; ignore its numbers",
    r"anybody's, with intervals": r"Evaluate predictions from any model, with intervals",
    r"mm apart": r"pixel spacing",
}
"""Patterns of what was said, and of what is said now."""


@functools.cache
def names_in(file: str) -> frozenset[str]:
    """The tests that a file defines; none where there is no such file."""
    path = TESTS / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("found", [*FINDINGS, *STRENGTHS])
def test_the_tests_that_hold_it_are_there(found: str) -> None:
    tests = {**FINDINGS, **STRENGTHS}[found]
    assert tests
    gone = [test for test in tests if test.partition("::")[2] not in names_in(test.partition("::")[0])]
    assert not gone, f"nothing holds it any more; write another test and name it here: {gone}"


def test_none_is_forgotten() -> None:
    assert (len(FINDINGS), len(STRENGTHS), len(PHRASES)) == (30, 10, 15)


@functools.cache
def said() -> str:
    """Every text of the sources and of their pages, a line each."""
    modules = sorted(SOURCES.rglob("*.py"))
    words = [text for path in modules for _, text in texts(path.read_text(encoding="utf-8"))]
    words += [ast.get_docstring(node) or "" for path in modules if "cli" in path.parts for node in _functions(path)]
    words += [path.read_text(encoding="utf-8") for path in sorted(SOURCES.rglob("*.j2"))]
    return "\n".join(" ".join(one.split()) for one in words)


def _functions(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("old", PHRASES)
def test_what_was_read_wrongly_is_said_otherwise(old: str) -> None:
    assert not re.search(old, said(), re.IGNORECASE)
    assert re.search(PHRASES[old], said())


def test_the_readme_shows_a_page_three_commands_and_its_peers() -> None:
    readme = (TESTS.parent / "README.md").read_text(encoding="utf-8")
    assert "(docs/images/page.png)" in readme.partition("\n## ")[0]
    assert readme.index("## Three commands") < readme.index("## What it reads") < readme.index("## What it must not")
    assert "\n| | hilum | torchxrayvision | MONAI | Chester |\n" in readme


def test_no_page_installs_from_an_index_that_has_no_hilum() -> None:
    """Until hilum is published, README and the pages that begin install from a clone, and say so."""
    root = TESTS.parent
    pages = [root / "README.md", root / "docs" / "get-started.md", root / "docs" / "how-to" / "ten-commands.md"]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"^\$ pip install hilum\b", text, re.M), page.name
        assert re.search(r"^\$ pip install ['\"]?\.", text, re.M), page.name
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r"^\[project\.urls\]\n(#.*\n)*Repository = \"https://", project, re.M)
