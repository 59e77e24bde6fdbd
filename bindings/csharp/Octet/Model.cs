using Octet.Interop;

namespace Octet;

/// <summary>
/// A network, float or int8. It never changes and may be used by many threads at once. Its sessions keep what they need
/// of it: it may be disposed before them.
/// </summary>
public sealed unsafe partial class Model : IDisposable
{
    private readonly ModelHandle _handle;
    private IReadOnlyList<TensorInfo>? _inputs;
    private IReadOnlyList<TensorInfo>? _outputs;

    private Model(ModelHandle handle) => _handle = handle;

    internal ModelHandle Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            return _handle;
        }
    }

    /// <summary>
    /// Loads a .octet, .onnx, .mnn or .tflite file; the content decides, not the name. A .octet file stays mapped until the
    /// model and its last session are disposed: do not change it in place.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="log">What the library has to say, on the calling thread.</param>
    /// <param name="inputShapes">Sizes of the inputs, one for each in the model's order, needed where the file leaves
    /// others open than the first (an open first one, the batch, is 1). A size of -1 is the file's, null all of an
    /// input's.</param>
    /// <param name="fixSizes">The model has no open sizes; files that are written of it have those of now.</param>
    /// <exception cref="OctetException">Status IO, Format, Version, Unsupported (the message names every unsupported
    /// operator), Shape or Memory.</exception>
    public static Model Load(
        string path,
        Action<LogLevel, string>? log = null,
        IReadOnlyList<IReadOnlyList<long>?>? inputShapes = null,
        bool fixSizes = false)
    {
        ArgumentNullException.ThrowIfNull(path);
        using Scope scope = new();
        using Callbacks callbacks = new(null, log, CancellationToken.None);
        q_load_options options = LoadOptions(callbacks, inputShapes, fixSizes, scope);
        q_error error;
        Errors.Prepare(&error);
        int status = Native.q_model_load(scope.Text(path), &options, out ModelHandle handle, &error);
        return Finish(callbacks, status, handle, &error);
    }

    /// <summary>Loads a model from the bytes of a file, which are copied.</summary>
    /// <param name="bytes">The whole file. Models with external data files need <see cref="Load(string,
    /// Action{LogLevel, string}, IReadOnlyList{IReadOnlyList{long}}, bool)"/>.</param>
    /// <param name="name">Stands for the file's name in messages.</param>
    /// <param name="log">What the library has to say, on the calling thread.</param>
    /// <param name="inputShapes">Sizes of the inputs, one for each in the model's order, needed where the file leaves
    /// others open than the first (an open first one, the batch, is 1). A size of -1 is the file's, null all of an
    /// input's.</param>
    /// <param name="fixSizes">The model has no open sizes; files that are written of it have those of now.</param>
    /// <exception cref="OctetException">As for a file.</exception>
    public static Model Load(
        ReadOnlySpan<byte> bytes,
        string name = "",
        Action<LogLevel, string>? log = null,
        IReadOnlyList<IReadOnlyList<long>?>? inputShapes = null,
        bool fixSizes = false)
    {
        using Scope scope = new();
        using Callbacks callbacks = new(null, log, CancellationToken.None);
        q_load_options options = LoadOptions(callbacks, inputShapes, fixSizes, scope);
        q_error error;
        Errors.Prepare(&error);
        fixed (byte* data = bytes)
        {
            q_bytes view = new() { data = data, size = (nuint)bytes.Length };
            int status = Native.q_model_load_bytes(view, scope.Text(name), &options, out ModelHandle handle, &error);
            return Finish(callbacks, status, handle, &error);
        }
    }

    /// <summary>Loads a model from a stream, which is read to its end and stays open.</summary>
    /// <param name="stream">From its position on: the whole file.</param>
    /// <param name="name">Stands for the file's name in messages.</param>
    /// <param name="log">What the library has to say, on the calling thread.</param>
    /// <param name="inputShapes">Sizes of the inputs, one for each in the model's order, needed where the file leaves
    /// others open than the first (an open first one, the batch, is 1). A size of -1 is the file's, null all of an
    /// input's.</param>
    /// <param name="fixSizes">The model has no open sizes; files that are written of it have those of now.</param>
    /// <exception cref="OctetException">As for a file.</exception>
    public static Model Load(
        Stream stream,
        string name = "",
        Action<LogLevel, string>? log = null,
        IReadOnlyList<IReadOnlyList<long>?>? inputShapes = null,
        bool fixSizes = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return Load(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), name, log, inputShapes, fixSizes);
    }

    /// <summary>The model in numbers.</summary>
    public ModelInfo Info
    {
        get
        {
            using Hold hold = new(Handle);
            q_model_info info = new() { struct_size = (uint)sizeof(q_model_info) };
            q_error error;
            Errors.Prepare(&error);
            Errors.Check(Native.q_model_get_info(_handle, &info, &error), &error);
            return new ModelInfo
            {
                Name = info.name.ToString(),
                SourceFormat = info.source_format.ToString(),
                InputCount = info.input_count,
                OutputCount = info.output_count,
                LayerCount = info.layer_count,
                Int8LayerCount = info.int8_layer_count,
                Macs = info.macs,
                Int8Macs = info.int8_macs,
                WeightBytes = info.weight_bytes,
                FileBytes = info.file_bytes,
            };
        }
    }

    /// <summary>The inputs, in the order in which runs take them.</summary>
    public IReadOnlyList<TensorInfo> Inputs
    {
        get
        {
            ModelHandle handle = Handle;
            return _inputs ??= Tensors(handle, Info.InputCount, isInput: true);
        }
    }

    /// <summary>The outputs, in the order in which runs give them.</summary>
    public IReadOnlyList<TensorInfo> Outputs
    {
        get
        {
            ModelHandle handle = Handle;
            return _outputs ??= Tensors(handle, Info.OutputCount, isInput: false);
        }
    }

    /// <summary>Whether the file leaves a size of an input open, as a batch or the sides of an image may be. Open sizes
    /// stay open in every file that is written of the model. Sessions may have other sizes in any case.</summary>
    /// <param name="input">The input, from 0.</param>
    /// <param name="dimension">Its dimension, from 0.</param>
    /// <returns>The size's name, "?" where it has none, the empty text where the size is fixed.</returns>
    /// <exception cref="OctetException">Status Argument: there is no such dimension.</exception>
    public string GetOpenSize(int input, int dimension)
    {
        using Hold hold = new(Handle);
        q_str name;
        q_error error;
        Errors.Prepare(&error);
        Errors.Check(Native.q_model_get_open_size(_handle, input, dimension, &name, &error), &error);
        return name.ToString();
    }

    /// <summary>The layers, in the order of execution; read anew by each call.</summary>
    public IReadOnlyList<LayerInfo> GetLayers()
    {
        using Hold hold = new(Handle);
        LayerInfo[] layers = new LayerInfo[Info.LayerCount];
        q_error error;
        for (int i = 0; i < layers.Length; ++i)
        {
            q_layer_info info = new() { struct_size = (uint)sizeof(q_layer_info) };
            Errors.Prepare(&error);
            Errors.Check(Native.q_model_get_layer(_handle, i, &info, &error), &error);
            layers[i] = new LayerInfo
            {
                Name = info.name.ToString(),
                Operator = info.op.ToString(),
                IsInt8 = info.is_int8 != 0,
                Macs = info.macs,
                WeightBytes = info.weight_bytes,
                Output = TensorInfo.From(info.output),
            };
        }
        return layers;
    }

    /// <summary>
    /// How an image becomes the network's input, where the model has that stored, as quantized ones do.
    /// </summary>
    public Recipe? Recipe
    {
        get
        {
            q_recipe recipe = new() { struct_size = (uint)sizeof(q_recipe) };
            q_error error;
            Errors.Prepare(&error);
            int status = Native.q_model_get_recipe(Handle, &recipe, &error);
            if (status == (int)Status.Data) return null;
            Errors.Check(status, &error);
            return Octet.Recipe.From(recipe);
        }
    }

    /// <summary>
    /// Writes the model to a .octet file: beside the target first, then renamed, so that after a failure the target is
    /// as it was. The same model gives the same bytes.
    /// </summary>
    /// <exception cref="OctetException">Status IO, or Unsupported for another ending.</exception>
    public void Save(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using Scope scope = new();
        q_error error;
        Errors.Prepare(&error);
        Errors.Check(Native.q_model_save(Handle, scope.Text(path), &error), &error);
    }

    /// <summary>
    /// Writes the bytes of a .octet file to a stream, which stays open. What the stream throws is thrown.
    /// </summary>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using Scope scope = new();
        using Callbacks callbacks = new(null, null, CancellationToken.None) { Target = stream };
        q_error error;
        Errors.Prepare(&error);
        int status = Native.q_model_write(Handle, scope.Text("octet"), Callbacks.Write, callbacks.User, &error);
        callbacks.Finish(status, &error);
    }

    /// <summary>Prepares the model for running: chooses kernels, packs weights, plans memory.</summary>
    /// <exception cref="OctetException">Status Argument (the arena is too small or not aligned; an instruction set that
    /// is unknown or not of this CPU), Unsupported or Memory.</exception>
    public Session CreateSession(SessionOptions? options = null)
    {
        options ??= SessionOptions.Default;
        using Scope scope = new();
        Pieces? pieces = options.Runner is null ? null : new Pieces(options.Runner);
        q_session_options native = options.ToNative(scope.Text(options.InstructionSet), pieces, scope);
        q_error error;
        Errors.Prepare(&error);
        int status = Native.q_session_create(Handle, &native, out SessionHandle handle, &error);
        if (status != 0) pieces?.Dispose();
        Errors.Check(status, &error);
        handle.Pieces = pieces;
        return new Session(handle);
    }

    /// <summary>
    /// What a session with these options would take. Does the work of preparing the model for the instruction set,
    /// which the model keeps for its sessions.
    /// </summary>
    /// <exception cref="OctetException">As <see cref="CreateSession"/>.</exception>
    public SessionInfo MeasureSession(SessionOptions? options = null)
    {
        options ??= SessionOptions.Default;
        using Scope scope = new();
        using Pieces? pieces = options.Runner is null ? null : new Pieces(options.Runner);
        q_session_options native = options.ToNative(scope.Text(options.InstructionSet), pieces, scope);
        q_session_info info = new() { struct_size = (uint)sizeof(q_session_info) };
        q_error error;
        Errors.Prepare(&error);
        Errors.Check(Native.q_session_measure(Handle, &native, &info, &error), &error);
        return SessionInfo.From(info);
    }

    /// <summary>Gives the memory back. Sessions go on running. A second call does nothing.</summary>
    public void Dispose() => _handle.Dispose();

    private static q_load_options LoadOptions(
        Callbacks callbacks, IReadOnlyList<IReadOnlyList<long>?>? inputShapes, bool fixSizes, Scope scope) => new()
    {
        struct_size = (uint)sizeof(q_load_options),
        log = callbacks.Log,
        log_user = callbacks.User,
        input_shapes = scope.Shapes(inputShapes),
        input_shape_count = inputShapes?.Count ?? 0,
        fix_sizes = fixSizes ? 1 : 0,
    };

    private static Model Finish(Callbacks callbacks, int status, ModelHandle handle, q_error* error)
    {
        try
        {
            callbacks.Finish(status, error);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
        return new Model(handle);
    }

    private static TensorInfo[] Tensors(ModelHandle handle, int count, bool isInput)
    {
        using Hold hold = new(handle);
        TensorInfo[] tensors = new TensorInfo[count];
        q_error error;
        for (int i = 0; i < count; ++i)
        {
            q_tensor_info info = new() { struct_size = (uint)sizeof(q_tensor_info) };
            Errors.Prepare(&error);
            int status = isInput
                ? Native.q_model_get_input(handle, i, &info, &error)
                : Native.q_model_get_output(handle, i, &info, &error);
            Errors.Check(status, &error);
            tensors[i] = TensorInfo.From(info);
        }
        return tensors;
    }
}
