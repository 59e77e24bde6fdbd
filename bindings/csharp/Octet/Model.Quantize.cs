using Octet.Interop;

namespace Octet;

public sealed unsafe partial class Model
{
    /// <summary>
    /// Makes an int8 model of this float one. The result does not depend on the number of threads nor, without
    /// <see cref="QuantizeOptions.FloatWhereFaster"/>, on the machine.
    /// </summary>
    /// <param name="options">What to calibrate with, and how.</param>
    /// <param name="cancellationToken">Ends the call with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="OctetException">Status Argument (already quantized), IO, Config, Data or Memory.</exception>
    public Model Quantize(QuantizeOptions options, CancellationToken cancellationToken = default)
    {
        Model model = Quantize(options, out Report report, cancellationToken);
        report.Dispose();
        return model;
    }

    /// <summary>The same, with a report of what was found and how large the errors are.</summary>
    /// <param name="options">What to calibrate with, and how.</param>
    /// <param name="report">The report; the caller disposes it.</param>
    /// <param name="cancellationToken">Ends the call with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="OctetException">Status Argument (already quantized), IO, Config, Data or Memory.</exception>
    public Model Quantize(QuantizeOptions options, out Report report, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ModelHandle source = Handle;
        cancellationToken.ThrowIfCancellationRequested();
        using Scope scope = new();
        using Callbacks callbacks = new(options.Progress, options.Log, cancellationToken) { Samples = options.Samples };
        q_calibration samples = ToNative(options.Samples, callbacks);
        q_quantize_options native = ToNative(options, &samples, callbacks, scope);
        q_error error;
        Errors.Prepare(&error);
        int status = Native.q_quantize(source, &native, out ModelHandle model, out ReportHandle found, &error);
        try
        {
            callbacks.Finish(status, &error);
        }
        catch
        {
            model.Dispose();
            found.Dispose();
            throw;
        }
        report = new Report(found);
        return new Model(model);
    }

    /// <summary>
    /// Writes what the tensors of this float model hold over a shard of the samples to a file: many machines observe, and
    /// <see cref="Quantize(QuantizeOptions, CancellationToken)"/> with all the files as
    /// <see cref="QuantizeOptions.Statistics"/> gives the bytes that one machine with the same instruction set would have
    /// given. The method has to be KL, ADMM, MINMAX, PERCENTILE or MSE.
    /// </summary>
    /// <param name="options">What to observe, and how.</param>
    /// <param name="shard">From 1: it has the samples shard, shard + shardCount, ... in their order.</param>
    /// <param name="shardCount">Of how many.</param>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Ends the call with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="OctetException">Status Argument, IO, Config (also a method that needs the samples themselves),
    /// Data or Memory.</exception>
    public void Observe(
        QuantizeOptions options, int shard, int shardCount, string path, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ModelHandle source = Handle;
        cancellationToken.ThrowIfCancellationRequested();
        using Scope scope = new();
        using Callbacks callbacks = new(options.Progress, options.Log, cancellationToken) { Samples = options.Samples };
        q_calibration samples = ToNative(options.Samples, callbacks);
        q_quantize_options native = ToNative(options, &samples, callbacks, scope);
        q_error error;
        Errors.Prepare(&error);
        int status = Native.q_observe(source, &native, shard, shardCount, scope.Text(path), &error);
        callbacks.Finish(status, &error);
    }

    /// <summary>
    /// Runs this model as the reference and another one, usually its int8 twin, over the same samples and measures how
    /// far they differ.
    /// </summary>
    /// <param name="model">The model to judge.</param>
    /// <param name="options">Over which samples.</param>
    /// <param name="cancellationToken">Ends the call with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="OctetException">As <see cref="Quantize(QuantizeOptions, CancellationToken)"/>; Status Shape
    /// where inputs or outputs of the two differ.</exception>
    public Report Compare(Model model, CompareOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ModelHandle reference = Handle, judged = model.Handle;
        cancellationToken.ThrowIfCancellationRequested();
        using Scope scope = new();
        using Callbacks callbacks = new(options.Progress, options.Log, cancellationToken) { Samples = options.Samples };
        q_calibration samples = ToNative(options.Samples, callbacks);
        q_compare_options native = new()
        {
            struct_size = (uint)sizeof(q_compare_options),
            threads = options.Threads,
            config_path = scope.Text(options.ConfigPath),
            images = scope.Text(options.Images),
            labels = scope.Text(options.Labels),
            label_offset = options.LabelOffset,
            progress = Callbacks.Progress,
            progress_user = callbacks.User,
            log = callbacks.Log,
            log_user = callbacks.User,
            config_json = scope.Text(options.ConfigJson),
            samples = options.Samples is null ? null : &samples,
            report_details = options.ReportDetails ? 1 : 0,
            boxes = (int)options.Boxes,
        };
        q_error error;
        Errors.Prepare(&error);
        int status = Native.q_compare(reference, judged, &native, out ReportHandle report, &error);
        try
        {
            callbacks.Finish(status, &error);
        }
        catch
        {
            report.Dispose();
            throw;
        }
        return new Report(report);
    }

    private static q_calibration ToNative(ISampleSource? samples, Callbacks callbacks) => new()
    {
        struct_size = (uint)sizeof(q_calibration),
        count = samples?.Count ?? 0,
        load = Callbacks.Load,
        user = callbacks.User,
    };

    private static q_quantize_options ToNative(
        QuantizeOptions options, q_calibration* samples, Callbacks callbacks, Scope scope) => new()
    {
        struct_size = (uint)sizeof(q_quantize_options),
        threads = options.Threads,
        config_path = scope.Text(options.ConfigPath),
        calibration = options.Samples is null ? null : samples,
        feature_method = scope.Text(options.FeatureMethod),
        weight_method = scope.Text(options.WeightMethod),
        progress = Callbacks.Progress,
        progress_user = callbacks.User,
        log = callbacks.Log,
        log_user = callbacks.User,
        float_where_faster = options.FloatWhereFaster ? 1 : 0,
        config_json = scope.Text(options.ConfigJson),
        images = scope.Text(options.Images),
        image_files = scope.Texts(options.ImageFiles),
        image_file_count = options.ImageFiles?.Count ?? 0,
        report_details = options.ReportDetails ? 1 : 0,
        boxes = (int)options.Boxes,
        cache = scope.Text(options.Cache),
        statistics = scope.Texts(options.Statistics),
        statistics_count = (nuint)(options.Statistics?.Count ?? 0),
    };
}
