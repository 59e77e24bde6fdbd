#pragma warning disable IDE1006 // names are C's

using System.Runtime.InteropServices;

namespace Octet.Interop;

/// <summary>The functions of octet.h under their C names; the header is their manual.</summary>
internal static unsafe partial class Native
{
    /// <summary>The name that the imports ask for; <see cref="Loader"/> finds the file.</summary>
    public const string Library = "octet";

    /// <summary>
    /// Q_ABI_VERSION of the header that this binding was written against: major in the upper 16 bits.
    /// </summary>
    public const uint AbiVersion = 0x00010001;

    // Explicit, so that the resolver is in place before the first import of this class is bound.
    static Native() => NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, Loader.Resolve);

    [LibraryImport(Library)]
    public static partial uint q_abi_version();

    [LibraryImport(Library)]
    public static partial byte* q_version();

    [LibraryImport(Library)]
    public static partial byte* q_status_name(int status);

    [LibraryImport(Library)]
    public static partial int q_model_load(q_str path, q_load_options* options, out ModelHandle model, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_model_load_bytes(
        q_bytes bytes, q_str name, q_load_options* options, out ModelHandle model, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_model_save(ModelHandle model, q_str path, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_model_write(ModelHandle model, q_str format, void* write, void* user, q_error* error);

    [LibraryImport(Library)]
    public static partial void q_model_free(nint model);

    [LibraryImport(Library)]
    public static partial int q_model_get_info(ModelHandle model, q_model_info* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_model_get_input(ModelHandle model, int index, q_tensor_info* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_model_get_output(ModelHandle model, int index, q_tensor_info* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_model_get_open_size(
        ModelHandle model, int input, int dimension, q_str* name, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_model_get_layer(ModelHandle model, int index, q_layer_info* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_model_get_recipe(ModelHandle model, q_recipe* recipe, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_recipe_from_config(q_str path, q_str json, q_recipe* recipe, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_image_load(q_str path, int format, out ImageHandle image, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_image_decode(
        q_bytes bytes, q_str name, int format, out ImageHandle image, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_image_get_pixels(ImageHandle image, q_pixels* pixels, q_error* error);

    [LibraryImport(Library)]
    public static partial void q_image_free(nint image);

    [LibraryImport(Library)]
    public static partial int q_pixels_to_input(
        q_pixels* pixels, ModelHandle model, int input, q_recipe* recipe, float* values, nuint count, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_pixels_get_mapping(
        q_pixels* pixels, ModelHandle model, int input, q_recipe* recipe, q_mapping* mapping, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_session_create(
        ModelHandle model, q_session_options* options, out SessionHandle session, q_error* error);

    [LibraryImport(Library)]
    public static partial void q_session_free(nint session);

    [LibraryImport(Library)]
    public static partial int q_session_run(
        SessionHandle session, q_tensor* inputs, int inputCount, q_tensor* outputs, int outputCount, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_session_run_image(
        SessionHandle session, q_pixels* pixels, q_recipe* recipe, q_tensor* outputs, int outputCount, q_error* error);

    [LibraryImport(Library)]
    public static partial void q_session_cancel(nint session, int cancelled);

    [LibraryImport(Library)]
    public static partial int q_session_get_info(SessionHandle session, q_session_info* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_session_measure(
        ModelHandle model, q_session_options* options, q_session_info* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_session_get_input(
        SessionHandle session, int index, q_tensor_info* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_session_get_output(
        SessionHandle session, int index, q_tensor_info* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_session_get_step(SessionHandle session, int index, q_step_info* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_measure_peak(q_str isa, int dtype, int threads, double* gmacs, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_quantize(
        ModelHandle model,
        q_quantize_options* options,
        out ModelHandle quantized,
        out ReportHandle report,
        q_error* error);

    [LibraryImport(Library)]
    public static partial int q_observe(
        ModelHandle model,
        q_quantize_options* options,
        int shard,
        int shard_count,
        q_str path,
        q_error* error);

    [LibraryImport(Library)]
    public static partial int q_compare(
        ModelHandle reference, ModelHandle model, q_compare_options* options, out ReportHandle report, q_error* error);

    [LibraryImport(Library)]
    public static partial void q_report_free(nint report);

    [LibraryImport(Library)]
    public static partial int q_report_get_info(ReportHandle report, q_report_info* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_report_get_output(ReportHandle report, int index, q_output_error* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_report_get_layer(ReportHandle report, int index, q_layer_error* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_report_get_kept_float(
        ReportHandle report, int index, q_kept_float* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_report_get_mixed_layer(
        ReportHandle report, int index, q_mixed_layer* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_report_get_sample(ReportHandle report, int index, q_sample_error* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_report_get_detections(ReportHandle report, q_detection_error* info, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_report_get_warning(ReportHandle report, int index, q_str* text, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_report_get_json(ReportHandle report, q_str* json, q_error* error);

    [LibraryImport(Library)]
    public static partial int q_report_save(ReportHandle report, q_str path, q_error* error);
}
